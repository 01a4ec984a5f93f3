"""Locks and vendored files, brought up to date."""
