"""Watch the states of all pushes in the database, as often as twice a second."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.postgresql import PostgreSQL

EVERY = 0.5  # seconds
ACTIVE = ("queued", "running")
QUERY = (
    "SELECT push.id, state, coalesce(number, 0), deployment_id, "
    "split_part(machine, ' ', 1), pid, translate(reason, E'|\\n', '  ') "
    "FROM pushes_push push LEFT JOIN worker_worker ON worker_worker.id = worker_id"
)


@dataclass
class History:
    """The states of a push that were seen, each with the time of this machine's monotonic clock.

    `worker` is the one that claimed it last: the name of its machine, and its process id there.
    """

    deployment: int
    reason: str = ""
    states: list[tuple[float, str]] = field(default_factory=list)
    number: int = 0
    worker: tuple[str, int] = ("", 0)

    @property
    def state(self) -> str:
        """The last one."""
        return self.states[-1][1]

    @property
    def returned(self) -> str:
        """Which end was followed by another state; "" if the first end was the last."""
        names = [state for _, state in self.states]
        for number, state in enumerate(names[:-1]):
            if state not in ACTIVE:
                return " -> ".join(names[number:])
        return ""


@dataclass
class Observer:
    """`free_slots(running)` returns how many pushes could begin while that many run."""

    postgresql: PostgreSQL
    database: str
    free_slots: Callable[[int], int]
    histories: dict[int, History] = field(default_factory=dict)
    longest_queued: float = 0.0  # seconds that a push stayed queued while there was a free slot
    gaps: int = 0  # queries without an answer
    _waiting: dict[int, float] = field(default_factory=dict)
    _running: set[int] = field(default_factory=set)

    @contextmanager
    def watching(self) -> Iterator["Observer"]:
        """Watch until the `with` is left."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=[over])
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()
            self._look()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        try:
            rows = self.postgresql.sql(QUERY, self.database).splitlines()
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            self.gaps += 1
            self._waiting.clear()
            return
        now = time.monotonic()
        active = {"queued": set[int](), "running": set[int]()}
        for row in rows:
            key, state, number, deployment, machine, pid, reason = row.split("|")
            history = self.histories.setdefault(int(key), History(int(deployment)))
            history.number = int(number)
            history.reason = reason
            history.worker = (machine, int(pid or 0))
            if not history.states or history.state != state:
                history.states.append((now, state))
            if state in active:
                active[state].add(int(key))
        begun, self._running = active["running"] - self._running, active["running"]
        if self.free_slots(len(active["running"])) <= 0:
            self._waiting.clear()
            return
        # A slot that an earlier push took was not free for a later one.
        first = min(begun, default=None)
        self._waiting = {
            key: now if first is not None and first < key else self._waiting.get(key, now)
            for key in active["queued"]
        }
        for since in self._waiting.values():
            self.longest_queued = max(self.longest_queued, now - since)
