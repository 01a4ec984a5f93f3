"""Wheels and tarballs, checked before any of their files is written."""
