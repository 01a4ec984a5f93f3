"""The clock of the database in async code."""

import asyncio
from datetime import timedelta
from unittest import mock, skipUnless

from django.db import connection
from django.test import TestCase

from database import clock


@skipUnless(connection.vendor == "postgresql", "SQLite has the clock of its machine")
class AsyncClock(TestCase):
    """The difference between the clocks is measured again after a while."""

    def test_clock_in_async_code_uses_the_last_measurement(self):
        right = clock.now()
        hour = timedelta(hours=1)

        async def ask():
            return clock.now()

        # Two measurements differ by up to half a round trip, so an hour is added to the old one.
        measured = clock._difference._seconds + hour.total_seconds()
        with (
            mock.patch.object(clock, "AGE", -1.0),
            mock.patch.object(clock._difference, "_seconds", measured),
        ):
            self.assertGreaterEqual(asyncio.run(ask()), right + hour)
            self.assertLess(clock.now(), right + hour)
