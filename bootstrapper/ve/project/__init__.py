"""A project's requirements, locks and vendored files."""
