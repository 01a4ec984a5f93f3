"""The package index, and the settings of pip and uv that name it."""
