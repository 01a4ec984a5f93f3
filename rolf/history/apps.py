"""Django's view of this package."""

from django.apps import AppConfig


class HistoryConfig(AppConfig):
    """Who changed what, when."""

    name = "history"
