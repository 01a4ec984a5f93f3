"""The HTTP API for scripts, and the tokens that they use."""
