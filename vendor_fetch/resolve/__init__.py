"""Resolve requirements with uv, and choose the files to vendor."""
