"""manage.py audit."""

from io import StringIO

from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase

import audit
from audit import chain
from audit.models import Entry, Head


class Verify(TestCase):
    """`audit verify` and `audit head`."""

    @classmethod
    def setUpTestData(cls):
        for number in range(5):
            audit.record("x.y", number=number)
        Entry.objects.append_pending()

    def call(self, *arguments):
        out = StringIO()
        call_command("audit", *arguments, stdout=out, stderr=self.errors)
        return out.getvalue()

    def setUp(self):
        self.errors = StringIO()

    def unprotected(self, sql, *parameters):
        """Change a row as the owner of the database can, who drops the triggers first."""
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for [name] in cursor.fetchall():
                    cursor.execute(f"DROP TRIGGER {name}")
            else:
                cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
                cursor.execute("ALTER TABLE audit_head DISABLE TRIGGER USER")
            cursor.execute(sql, parameters)

    def fails(self, fault, *arguments):
        with self.assertRaises(CommandError) as caught:
            self.call("verify", *arguments)
        self.assertEqual(caught.exception.returncode, 1)
        self.assertIn("next: ", str(caught.exception))
        self.assertIn(fault, self.errors.getvalue())

    def test_unchanged_rows_are_accepted(self):
        head = self.call("head").strip()
        self.assertEqual(head, str(Head.objects.get().mark))
        self.assertIn(head, self.call("verify", "--head", head))

    def test_an_edited_row_is_named(self):
        last = Entry.objects.first().sequence
        self.unprotected("UPDATE audit_entry SET target = 'a' WHERE sequence = %s", last)
        self.fails(f"audit_entry:{last}: was edited")

    def test_a_truncated_table_is_reported(self):
        last = Entry.objects.first().sequence
        self.unprotected("DELETE FROM audit_entry WHERE sequence = %s", last)
        self.fails(f"row {last} is missing at the end")

    def test_a_truncated_table_and_head_differ_from_the_kept_head(self):
        kept = self.call("head").strip()
        last, before = Entry.objects.all()[:2]
        self.unprotected("DELETE FROM audit_entry WHERE sequence = %s", last.sequence)
        Head.objects.update(sequence=before.sequence, hash=before.hash)
        self.call("verify")
        self.fails("missing at the end", "--head", kept)

    def test_a_rewritten_last_row_differs_from_the_kept_head(self):
        kept = self.call("head").strip()
        last = Entry.objects.first()
        last.target = "somebody else"
        rewritten = chain.digest(last)
        self.unprotected(
            "UPDATE audit_entry SET target = %s, hash = %s WHERE sequence = %s",
            last.target,
            rewritten,
            last.sequence,
        )
        Head.objects.update(hash=rewritten)
        self.call("verify")
        self.fails("is not the row of the head that was kept", "--head", kept)

    def test_a_row_behind_the_head_is_reported(self):
        last = Entry.objects.first()
        self.unprotected("SELECT 1")
        extra = Entry.objects.get(pk=last.pk)
        extra.sequence, extra.previous = last.sequence + 1, last.hash
        extra.hash = chain.digest(extra)
        extra.save(force_insert=True)
        self.fails("behind the head")

    def test_a_wrong_head_is_an_error_of_the_command(self):
        with self.assertRaisesMessage(CommandError, "--head: '7'") as caught:
            self.call("verify", "--head", "7")
        self.assertEqual(caught.exception.returncode, 2)
