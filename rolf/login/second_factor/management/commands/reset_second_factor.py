"""Remove the second factor of an account, on the server: for the last superuser who lost it."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from login.second_factor import factors


class Command(BaseCommand):
    """The command `./manage.py reset_second_factor NAME`."""

    help = "Remove the second factor of an account and end its sessions."

    def add_arguments(self, parser):
        """Take the name of the account."""
        parser.add_argument("name", help="the user name")

    def handle(self, *, name, **options):
        """Remove the factors."""
        try:
            user = User.objects.get_by_natural_key(name)
        except User.DoesNotExist:
            raise CommandError(
                f"There is no account {name}.\n  next: ./manage.py reset_second_factor NAME"
            ) from None
        with transaction.atomic():
            factors.reset(user, None)
        self.stdout.write(f"{user} has no second factor now, and all sessions of it have ended.")
