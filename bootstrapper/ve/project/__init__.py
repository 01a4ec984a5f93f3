"""What a project asks for and carries."""
