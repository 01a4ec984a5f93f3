"""What happens in a push, and what that adds up to; pure."""
