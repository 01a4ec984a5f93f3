"""manage.py changepassword, with the change in the history and in the audit log."""

import getpass

from django.contrib.auth import get_user_model
from django.contrib.auth.management.commands import changepassword

from history.models import record_change


class Command(changepassword.Command):
    """Django's command."""

    def handle(self, *args, **options):
        """Change the password of a user, and record that."""
        users = get_user_model().objects
        user = users.filter(username=options["username"] or getpass.getuser()).first()
        if user is None:
            return super().handle(*args, **options)  # which says so
        with record_change(None, user, by_name="command line"):
            answer = super().handle(*args, **options)
            user.refresh_from_db()
        return answer
