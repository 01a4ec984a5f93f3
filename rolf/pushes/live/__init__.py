"""Pages that follow a push while it runs."""
