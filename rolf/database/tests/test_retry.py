"""What counts as an outage of PostgreSQL, and is tried again."""

from unittest import mock, skipUnless

from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase

from accounts.models import User
from rolf.outages import notice_lost_connections

from .. import retry


@skipUnless(connection.vendor == "postgresql", "these are errors of PostgreSQL")
class Errors(TransactionTestCase):
    """Errors that come from the server."""

    def set(self, **settings):
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute(f"SET {name} = %s", [value])

    def test_a_session_that_ended_in_a_transaction_is_an_outage(self):
        waited = []

        def work():
            with transaction.atomic():
                count = User.objects.count()
                if not waited:
                    waited.append(True)
                    self.set(idle_in_transaction_session_timeout="50ms")
                    retry.time.sleep(0.5)  # as after SIGSTOP
                User.objects.create(username="ada")
                return count

        with mock.patch.object(retry, "PAUSE", 0):
            self.assertEqual(retry.retry(work), 0)
        self.assertEqual(User.objects.count(), 1)

    def test_a_standby_is_an_outage(self):
        try:
            self.set(default_transaction_read_only="on")
            with self.assertRaises(retry.AWAY):
                User.objects.create(username="ada")
        finally:
            connection.close()

    def test_no_connection_is_made_to_a_standby(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            [name] = cursor.fetchone()
            cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        connection.close()
        try:
            with mock.patch.dict(connection.settings_dict, OPTIONS={}):
                notice_lost_connections(connection.settings_dict)
                with self.assertRaisesMessage(OperationalError, "read-only"):
                    User.objects.exists()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = off")
                cursor.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
            connection.close()
