"""What a worker does from time to time."""

from datetime import timedelta

from django.test import TestCase

from login.models import Session
from login.session_store import SessionStore
from worker import periodic
from worker.models import PeriodicTask


class Sessions(TestCase):
    """Sessions that have expired."""

    def test_expired_sessions_are_deleted(self):
        kept, old = SessionStore(), SessionStore()
        kept.create()
        old.set_expiry(-1)
        old.create()
        while periodic.claim():
            pass
        PeriodicTask.objects.filter(name="sessions").update(
            last=periodic.clock.now() - timedelta(days=2)
        )
        self.assertEqual(periodic.claim(), "sessions")
        periodic.run("sessions")
        self.assertEqual(list(Session.objects.values_list("pk", flat=True)), [kept.session_key])
        self.assertIsNone(periodic.claim())
