"""Django's view of this package."""

from django.apps import AppConfig


class CookbookConfig(AppConfig):
    """Recipes that stages are made of, ours and the shop's own, with their versions."""

    name = "cookbook"
