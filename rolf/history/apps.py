"""Configuration of the application."""

from django.apps import AppConfig


class HistoryConfig(AppConfig):
    """The record of changes."""

    name = "history"
