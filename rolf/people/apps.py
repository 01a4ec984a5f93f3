"""Configuration of the application."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The pages about accounts and groups."""

    name = "people"
