"""Configuration of the application."""

from django.apps import AppConfig


class PushesConfig(AppConfig):
    """Pushes, their logs, and the pages that follow them."""

    name = "pushes"
