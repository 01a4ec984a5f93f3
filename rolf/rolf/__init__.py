"""The project: its settings, its URLs and its door to the web server."""
