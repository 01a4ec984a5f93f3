"""Rolf, run as the shop runs it."""
