"""Deployments: what is pushed where, and the permissions on it."""
