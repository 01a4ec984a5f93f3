"""Rebuilds a project's ve from its vendored files, and deploys the project."""
