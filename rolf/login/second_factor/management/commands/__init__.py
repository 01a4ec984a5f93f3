"""Commands of the second factor."""
