"""Commands of the login."""
