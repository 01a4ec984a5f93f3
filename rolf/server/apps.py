"""Configuration of the application."""

from django.apps import AppConfig


class ServerConfig(AppConfig):
    """The command that runs the web server and the worker, and what it needs to be safe."""

    name = "server"

    def ready(self):
        """Register the checks of `manage.py check --deploy`."""
        from . import deploy_checks  # noqa: F401
