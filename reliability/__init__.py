"""Show that Rolf on several machines loses nothing: `python -m reliability`."""
