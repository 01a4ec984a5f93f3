"""Pages about accounts and groups."""
