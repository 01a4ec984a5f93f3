"""Render and search the log of a push."""
