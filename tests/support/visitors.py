"""Visitors who ask a site for its front page all the time, however long the answers take."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.apache import Apache

RATE = 50  # pages a second


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One page or style sheet: what came back, 0 for no answer, and how long it took."""

    path: str
    status: int
    seconds: float
    text: str = field(repr=False)


@dataclass
class Visits:
    """What all visitors have seen so far."""

    all: list[Visit] = field(default_factory=list, repr=False)

    @property
    def statuses(self) -> Counter[int]:
        return Counter(visit.status for visit in self.all)

    @property
    def longest(self) -> float:
        return max(visit.seconds for visit in self.all)

    def __str__(self) -> str:
        bad = [f"{visit.path}: {visit.text[:300]}" for visit in self.all if visit.status != 200]
        return (
            f"{len(self.all)} requests, {dict(self.statuses)}, the longest took "
            f"{self.longest:.3f} s {bad[:3]}"
        )


@contextmanager
def visitors(apache: Apache, host: str) -> Iterator[Visits]:
    """Ask RATE times a second for the page and then for its style, until the `with` is left."""
    visits = Visits()
    stop = threading.Event()

    def ask(path: str) -> Visit:
        started = time.monotonic()
        try:
            answer = apache.get(path, host=host, timeout=60)
            status, text = answer.status, answer.text
        except OSError as error:
            status, text = 0, repr(error)
        visit = Visit(path=path, status=status, seconds=time.monotonic() - started, text=text)
        visits.all.append(visit)
        return visit

    def visit() -> None:
        _, found, rest = ask("/").text.partition('rel="stylesheet" href="')
        if found:
            ask(rest.partition('"')[0])

    def come() -> None:
        due = time.monotonic()
        with ThreadPoolExecutor(200) as people:
            while not stop.is_set():
                people.submit(visit)
                due += 1 / RATE
                time.sleep(max(0.0, due - time.monotonic()))

    coming = threading.Thread(target=come, daemon=True)
    coming.start()
    try:
        yield visits
    finally:
        stop.set()
        coming.join()
