"""What a person sees of a push while it runs."""
