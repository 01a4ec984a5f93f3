"""From entries of the store to a ve."""
