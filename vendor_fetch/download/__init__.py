"""Bytes from the index to requirements/src/."""
