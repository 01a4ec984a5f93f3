"""The user's store of unpacked wheels."""
