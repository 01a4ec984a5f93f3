"""Showing the log of a push."""
