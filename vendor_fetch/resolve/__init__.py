"""Which files a project needs, by uv."""
