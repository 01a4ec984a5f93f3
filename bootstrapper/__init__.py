"""Rebuild a project's virtualenv from its vendored files, and deploy the project."""
