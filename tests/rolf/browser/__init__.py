"""Rolf in a real browser."""
