"""Hide secrets in output."""
