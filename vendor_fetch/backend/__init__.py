"""Call the build backends of tarballs, to learn what only they tell (PEP 517)."""
