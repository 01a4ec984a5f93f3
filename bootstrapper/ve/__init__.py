"""Vendored files -> a fresh ve."""
