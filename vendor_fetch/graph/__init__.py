"""Check the vendored files against the requirements and the locks."""
