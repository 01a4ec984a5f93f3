"""Django's view of this package."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The pages about accounts and groups."""

    name = "people"
