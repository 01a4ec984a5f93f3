"""Real requirements, vendored from the configured index for many targets, and compared with uv and pip."""
