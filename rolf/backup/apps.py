"""Configuration of the application."""

from django.apps import AppConfig


class BackupConfig(AppConfig):
    """The commands `backup` and `restore`."""

    name = "backup"
