"""What carries out pushes: a process of its own beside the web server."""
