"""Show a running push to a person."""
