"""Configuration of the application."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class LoginConfig(AppConfig):
    """The application `login`."""

    name = "login"

    def ready(self):
        """Register the checks, and keep the browser of each session, which its user sees."""
        from . import checks  # noqa: F401 - Django loads models before

        user_logged_in.connect(_remember, dispatch_uid="login.session")


def _remember(sender, request, user, **more):
    from .session_store import remember_client

    remember_client(request)
