"""The project, its target, its apps.in and its locks."""
