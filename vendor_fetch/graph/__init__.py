"""What the vendored files say of each other."""
