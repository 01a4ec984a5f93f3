"""manage.py createsuperuser, with the account in the history and in the audit log."""

from django.contrib.auth import get_user_model
from django.contrib.auth.management.commands import createsuperuser

from history.models import record_change


class Command(createsuperuser.Command):
    """Django's command."""

    def handle(self, *args, **options):
        """Create a superuser, and record that."""
        users = get_user_model().objects
        known = list(users.values_list("pk", flat=True))
        user = get_user_model()()
        with record_change(None, user, by_name="command line"):
            super().handle(*args, **options)
            if created := users.exclude(pk__in=known).first():
                user.pk = created.pk
                user.refresh_from_db()
