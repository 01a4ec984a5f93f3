"""Unpack wheels into entries of the store."""
