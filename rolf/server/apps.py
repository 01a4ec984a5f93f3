"""Django's view of this package."""

from django.apps import AppConfig


class ServerConfig(AppConfig):
    """The command that runs the web server and the worker."""

    name = "server"
