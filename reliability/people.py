"""People who read pages in their browsers, each one after a pause for thought."""

import random
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException

from benchmarks.rolf.browser import Browser

CURSOR = re.compile(r'data-cursor="([^"]*)"')


@dataclass
class People:
    """`number` people; each reads a page, and then thinks for about `pause` seconds.

    `seconds` are those that each page took, and `failures` what went wrong.
    """

    browsers: Sequence[Browser]
    addresses: Sequence[str]
    number: int
    pause: float
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def reading(self) -> Iterator["People"]:
        """Read until the `with` is left."""
        over = threading.Event()
        threads = [
            threading.Thread(target=self._read, args=[over, number])
            for number in range(self.number)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _read(self, over: threading.Event, number: int) -> None:
        chance = random.Random(number)
        over.wait(chance.uniform(0, self.pause))  # they do not begin all at once
        while not over.is_set():
            address = chance.choice(self.addresses)
            begun = time.monotonic()
            try:
                chance.choice(self.browsers).get(address)
            except (OSError, HTTPException, RuntimeError) as error:
                self.failures.append(f"{address}: {error!r}"[:200])
            else:
                self.seconds.append(time.monotonic() - begun)
            over.wait(chance.uniform(0, 2 * self.pause))


@contextmanager
def followers(browsers: Sequence[Browser], addresses: Sequence[str]) -> Iterator[list[int]]:
    """Follow the pushes of these pages by their event streams until the `with` is left.

    The browsers, of the web servers, take turns. Yield the bytes that each stream has received.
    """
    over = threading.Event()
    received = [0] * len(addresses)

    def follow(number: int) -> None:
        address, browser = addresses[number], browsers[number % len(browsers)]
        found = CURSOR.search(browser.get(address))
        with browser.open("GET", f"{address}follow/?cursor={found[1] if found else ''}") as stream:
            while not over.is_set() and (data := stream.read1(65536)):
                received[number] += len(data)

    threads = [
        threading.Thread(target=follow, args=[number], daemon=True)
        for number in range(len(addresses))
    ]
    for thread in threads:
        thread.start()
    try:
        yield received
    finally:
        over.set()
        for thread in threads:
            thread.join(30)
