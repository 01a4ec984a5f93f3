"""Bring files from the index or the cache into requirements/src/."""
