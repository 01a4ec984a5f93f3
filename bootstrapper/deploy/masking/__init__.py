"""Secrets hidden in output."""
