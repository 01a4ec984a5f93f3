"""Keep the vendored files fresh."""
