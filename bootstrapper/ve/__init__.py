"""Build a project's virtualenv from its vendored files, without a network."""
