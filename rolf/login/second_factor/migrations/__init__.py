"""Migrations of the second factor."""
