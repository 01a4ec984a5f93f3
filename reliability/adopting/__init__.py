"""Real projects' dependency files, each moved in by `init`, rebuilt offline, and served as a page."""
