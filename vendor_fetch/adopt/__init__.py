"""Adopt an existing project: read what it depends on, and write what vendoring needs."""
