"""Configuration of the application."""

from django.apps import AppConfig


class WorkerConfig(AppConfig):
    """What carries out pushes: a process of its own beside the web server."""

    name = "worker"
