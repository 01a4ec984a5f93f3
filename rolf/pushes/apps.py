"""Configuration of the application."""

from django.apps import AppConfig


class PushesConfig(AppConfig):
    """Pushes, their logs, and the pages that follow them."""

    name = "pushes"

    def ready(self):
        """Register the checks of settings."""
        from . import checks  # noqa: F401
        from .store import checks as store_checks  # noqa: F401
