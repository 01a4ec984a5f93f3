"""Configuration of the application."""

from django.apps import AppConfig


class CookbookConfig(AppConfig):
    """Recipes, your own and those that come with Rolf, with their versions."""

    name = "cookbook"
