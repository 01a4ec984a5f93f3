"""The pages of people and groups."""
