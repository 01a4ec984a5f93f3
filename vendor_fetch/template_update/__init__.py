"""Bring generated projects to new versions of the template."""
