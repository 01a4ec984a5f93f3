"""Configuration of the application."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The API and its tokens."""

    name = "api"
