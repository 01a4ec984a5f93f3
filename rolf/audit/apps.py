"""Configuration of the application."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit log."""

    name = "audit"

    def ready(self):
        """Record logins, failures and logouts of every method."""
        from . import checks  # noqa: F401 - registers them
        from .logins import connect

        connect()
