"""The hosts of a deployment."""
