"""What Django needs to know about this app."""

from django.apps import AppConfig


class MainConfig(AppConfig):
    """The site itself."""

    name = "main"
