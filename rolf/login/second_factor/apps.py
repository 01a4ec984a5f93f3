"""Configuration of the application."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class SecondFactorConfig(AppConfig):
    """The application `login.second_factor`."""

    name = "login.second_factor"
    label = "second_factor"
    verbose_name = "second factor"

    def ready(self):
        """Begin each login without the second factor."""
        user_logged_in.connect(_begin, dispatch_uid="login.second_factor")


def _begin(sender, request, user, **more):
    from .proof import begin

    begin(request.session)
