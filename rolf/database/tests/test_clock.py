"""The clock of the database in async code."""

import asyncio
from unittest import mock, skipUnless

from django.db import connection
from django.test import TestCase

from database import clock


@skipUnless(connection.vendor == "postgresql", "SQLite has the clock of its machine")
class AsyncClock(TestCase):
    """The difference between the clocks is measured again after a while."""

    def test_clock_in_async_code_uses_the_last_measurement(self):
        clock.now()

        async def ask():
            return clock.now()

        with mock.patch.object(clock, "AGE", -1.0):
            before = clock.now()
            self.assertGreaterEqual(asyncio.run(ask()), before)
            self.assertGreaterEqual(clock.now(), before)
