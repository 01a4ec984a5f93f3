"""Commands of the cookbook."""
