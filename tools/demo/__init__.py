"""`make demo`: from nothing to a running site, pushed to production and rolled back."""
