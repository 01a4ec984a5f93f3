"""What a project asks for, for which target."""
