"""The lease of a worker: how long it may work without an answer of the database.

When a worker's heartbeat has been missing for LEASE seconds, another worker may start the same
deployments. So the worker and its children stop their stages before that. A child reads when the
worker's last heartbeat was confirmed from memory that both share, and needs no database for it.
"""

import mmap
import os
import signal
import struct
import threading
import time

from django.db import connection

from database.clock import steady
from database.retry import PATIENCE
from pushes.models import LEASE

from .children import kill_descendants

LAST = 10.0  # seconds before the end of the lease, when all processes of a push are killed
LOOK = 0.5  # seconds between two looks


class Lease:
    """The lease of a worker. A fork shares it."""

    def __init__(self):
        """Begin a lease now."""
        self._memory = mmap.mmap(-1, 8)
        # With SQLite, a worker lives as long as its process, however long it waits for a lock.
        self._limited = connection.vendor != "sqlite"
        self.confirm(steady())

    def confirm(self, at):
        """Extend the lease: the database has confirmed a heartbeat that was sent at that time.

        The time is one of `database.clock.steady`.
        """
        self._memory[:] = struct.pack("d", at)

    @property
    def age(self):
        """Seconds since the last confirmed heartbeat was sent."""
        [confirmed] = struct.unpack("d", self._memory[:])
        return steady() - confirmed

    @property
    def ends(self):
        """Whether it is time to kill what still runs."""
        return self._limited and self.age > LEASE - LAST

    def must_end(self):
        """Return why pushes must end, or "" while they need not."""
        if self._limited and self.age > PATIENCE:
            return f"the database has not answered its worker for {PATIENCE:.0f} s"
        return ""

    def guard(self):
        """In a child: when the lease ends, kill all descendants and this process.

        A thread does that, because the child may be waiting for the database.
        """
        threading.Thread(target=self._guard, name="lease", daemon=True).start()

    def _guard(self):
        while not self.ends:
            time.sleep(LOOK)
        kill_descendants(os.getpid())
        os.kill(os.getpid(), signal.SIGKILL)
