"""From wheels to entries of the store."""
