"""Django's view of this package."""

from django.apps import AppConfig


class PushesConfig(AppConfig):
    """Pushes, their logs, and the pages that follow them."""

    name = "pushes"
