"""Fetch every file that a project needs, once, on a developer's machine."""
