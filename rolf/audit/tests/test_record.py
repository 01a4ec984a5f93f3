"""Events get into the chain, from one writer and from many."""

import threading
from unittest import mock

from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import RequestFactory, TestCase, TransactionTestCase
from django.utils import timezone

import audit
from accounts.models import User
from audit import chain
from audit.models import Entry, Head, Pending


def check():
    """Return the faults of the chain in the database."""
    rows = Entry.objects.order_by("sequence").iterator()
    return list(chain.faults(rows, [Head.objects.get().mark]))


class Recording(TestCase):
    """One event."""

    def recorded(self, *arguments, **more):
        audit.record(*arguments, **more)
        Entry.objects.append_pending()
        return Entry.objects.first()

    def request(self, user=None, **more):
        request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7", **more)
        request.user = user or AnonymousUser()
        return request

    def test_an_event_has_the_user_and_address_of_its_request(self):
        ada = User.objects.create_user("ada")
        found = self.recorded("login.success", request=self.request(ada), method="local")
        self.assertEqual(
            (found.action, found.outcome, found.user_key, found.user_name, found.address),
            ("login.success", "ok", ada.pk, "ada", "192.0.2.7"),
        )
        self.assertEqual(found.details, '{"method":"local"}')

    def test_a_named_user_counts_more_than_the_request(self):
        ada = User.objects.create_user("ada")
        found = self.recorded("login.failure", request=self.request(), user=ada, outcome="failed")
        self.assertEqual((found.user_name, found.outcome), ("ada", "failed"))

    def test_an_event_without_a_user_is_recorded(self):
        found = self.recorded("login.failure", request=self.request(), outcome="failed")
        self.assertEqual((found.user_key, found.user_name), (None, ""))

    def test_an_event_needs_no_request(self):
        self.assertEqual(self.recorded("key.rotated").address, "")

    def test_odd_text_is_stored_in_every_database(self):
        found = self.recorded(
            "x.y", target="a\0b\ud800" + "ä" * 300, note="\0\udcff", names=["\0"] * 99, many=2**80
        )
        self.assertEqual(len(found.target), 200)
        self.assertEqual(check(), [])

    def test_a_row_has_the_hash_of_the_one_before(self):
        first = self.recorded("x.first")
        second = self.recorded("x.second")
        self.assertEqual(second.sequence, first.sequence + 1)
        self.assertEqual(second.previous, first.hash)
        self.assertEqual(second.hash, chain.digest(second))

    def test_many_pending_events_are_appended_at_once(self):
        before = Head.objects.get().sequence
        with mock.patch("audit.models.BATCH", 3):
            for number in range(8):
                audit.record("x.y", number=number)
            Entry.objects.append_pending()
        self.assertEqual(Head.objects.get().sequence, before + 8)
        self.assertEqual(check(), [])


class AppendOnly(TestCase):
    """The database itself refuses changes."""

    def setUp(self):
        audit.record("x.y")
        audit.record("x.z")
        Entry.objects.append_pending()

    def refused(self, sql, *parameters):
        with (
            self.subTest(sql),
            self.assertRaisesMessage(DatabaseError, "audit_"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, parameters)

    def test_rows_cannot_be_changed(self):
        self.refused("UPDATE audit_entry SET target = 'a'")
        self.refused("UPDATE audit_entry SET sequence = sequence + 1")

    def test_rows_cannot_be_deleted(self):
        self.refused("DELETE FROM audit_entry")
        self.refused("DELETE FROM audit_head")
        if connection.vendor == "postgresql":
            self.refused("TRUNCATE audit_entry")
            self.refused("TRUNCATE audit_head")

    def test_rows_cannot_be_replaced(self):
        last = Entry.objects.first()
        columns = [field.column for field in Entry._meta.fields]
        values = [field.value_from_object(last) for field in Entry._meta.fields]
        verb = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
        marks = ", ".join(["%s"] * len(columns))
        self.refused(f"{verb} INTO audit_entry ({', '.join(columns)}) VALUES ({marks})", *values)

    def test_rows_cannot_be_inserted_beside_the_chain(self):
        for change in ({"sequence": 10**9}, {"previous": "0" * 64}):
            last = Entry.objects.first()
            row = Entry(
                at=timezone.now(),
                action="x.y",
                outcome="ok",
                details="{}",
                sequence=last.sequence + 1,
                previous=last.hash,
                hash="1" * 64,
            )
            for name, value in change.items():
                setattr(row, name, value)
            with (
                self.subTest(change),
                self.assertRaisesMessage(DatabaseError, "audit_"),
                transaction.atomic(),
            ):
                row.save(force_insert=True)

    def test_the_head_cannot_go_back(self):
        self.refused("UPDATE audit_head SET sequence = 0")


class Transactions(TransactionTestCase):
    """Events of transactions that end in different ways, and of writers at once."""

    def setUp(self):
        Pending.objects.all().delete()
        self.before = Head.objects.get().sequence

    def new(self):
        return Entry.objects.filter(sequence__gt=self.before).order_by("sequence")

    def test_an_event_is_in_the_chain_after_the_commit(self):
        with transaction.atomic():
            audit.record("x.y")
            self.assertEqual(self.new().count(), 0)
        self.assertEqual(self.new().count(), 1)
        self.assertFalse(Pending.objects.exists())

    def test_an_event_is_rolled_back_with_its_transaction(self):
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            audit.record("x.y")
            1 / 0  # noqa: B018
        audit.record("x.z")
        self.assertEqual([row.action for row in self.new()], ["x.z"])
        self.assertEqual(check(), [])

    def test_an_event_that_was_not_appended_comes_with_the_next(self):
        with mock.patch.object(type(Entry.objects.all()), "append_pending"):
            audit.record("x.first")
        self.assertEqual(self.new().count(), 0)
        audit.record("x.second")
        self.assertEqual([row.action for row in self.new()], ["x.first", "x.second"])

    def test_an_outage_after_the_commit_fails_no_request(self):
        failing = mock.Mock(side_effect=OperationalError("away"))
        with (
            mock.patch.object(type(Entry.objects.all()), "_append_batch", failing),
            self.assertLogs("django.db.backends.base", "ERROR"),
            transaction.atomic(),
        ):
            audit.record("x.y")
        self.assertEqual(Pending.objects.count(), 1)

    def test_an_event_that_cannot_be_stored_goes_to_the_log(self):
        with (
            mock.patch.object(Pending, "save", side_effect=OperationalError("disk full")),
            self.assertLogs("rolf.audit", "ERROR") as logs,
        ):
            audit.record("log.read", target="push 7")
        [entry] = logs.records
        self.assertEqual(entry.audit_event["target"], "push 7")

    def test_writers_at_once_make_one_chain(self):
        def write(number):
            try:
                for turn in range(10):
                    with transaction.atomic():
                        audit.record("x.y", target=f"{number}.{turn}")
                        if turn == 5:
                            transaction.set_rollback(True)
            except Exception as error:
                failed.append(error)
            finally:
                connection.close()

        failed = []
        threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        written = [row.target for row in self.new()]
        wanted = {f"{number}.{turn}" for number in range(8) for turn in range(10) if turn != 5}
        self.assertEqual(set(written), wanted)
        self.assertEqual(len(written), len(wanted))
        self.assertEqual(check(), [])
