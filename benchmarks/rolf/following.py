"""Fifty browsers follow ten pushes, and come again now and then: what they see, and when."""

import html
import json
import random
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from benchmarks.rolf.browser import Browser
from benchmarks.rolf.events import events
from benchmarks.rolf.instance import Instance, empty, inside, started

PUSHES, FOLLOWERS, LINES = 10, 50, 150  # lines of each push, ten a second
STAYS = 3.0  # seconds after which a browser's connection breaks, on average
FLUSH = 0.25  # seconds: rolf/pushes/run/journal.py
_ROW = re.compile(r'data-line="(\d+)".*?<code>(.*?)</code>')
_PRINTED = re.compile(r"at ([\d.]+) number \d+$")


@dataclass(frozen=True, kw_only=True)
class Followed:
    """`late` are seconds from the time in a line until a browser had it, for each that had it.

    `lost` and `doubled` are lines that a browser never got, or got again though it had them
    whole, of `lines` in all; `came_again` is how often connections broke.
    """

    followers: int
    pushes: int
    lines: int
    lost: int
    doubled: int
    came_again: int
    late: Sequence[float]

    @property
    def p95(self) -> float:
        return quantiles(self.late, n=100)[94]


@dataclass
class _Follower:
    """What one browser got of one push."""

    address: str
    lines: dict[int, str] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    doubled: int = 0
    came_again: int = -1

    def follow(self, browser: Browser, chance: random.Random) -> None:
        """Until the push has ended, with connections that break."""
        cursor, whole, active = "", 0, True
        while active:
            self.came_again += 1
            breaks = time.monotonic() + chance.expovariate(1 / STAYS)
            headers = {"Last-Event-ID": cursor} if cursor else {}
            with browser.open("GET", f"{self.address}follow/", headers=headers) as stream:
                for event in events(stream):
                    now = time.time()
                    news, cursor = json.loads(event.data), event.id
                    for number, text in _ROW.findall(news["html"]):
                        self._take(int(number), html.unescape(text), now, whole)
                    whole = int(cursor.partition(".")[0])
                    active = news["active"]
                    if not active or time.monotonic() > breaks:
                        break

    def _take(self, number: int, text: str, now: float, whole: int) -> None:
        if number < whole:
            self.doubled += 1
        found = _PRINTED.match(text)
        if found and number not in self.lines:
            self.late.append(now - float(found[1]))
        self.lines[number] = text


def follow(project: Path, scratch: Path, *, quick: bool) -> Followed:
    """Push all at once, with everybody watching."""
    home = empty(project, scratch / "following")
    lines = LINES // 5 if quick else LINES
    keys = inside(home, "speakers", PUSHES, lines)
    with started(home, "--slots", str(PUSHES)) as rolf:
        return _followed(rolf, keys, lines)


def _followed(rolf: Instance, keys: Sequence[int], lines: int) -> Followed:
    browser = rolf.browser()
    addresses = [
        browser.post(f"/deployments/{key}/push/", {"ref": "main"}, form=f"/deployments/{key}/")
        for key in keys
    ]
    followers = [_Follower(addresses[number % len(addresses)]) for number in range(FOLLOWERS)]
    threads = [
        threading.Thread(target=one.follow, args=(browser, random.Random(number)))
        for number, one in enumerate(followers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = {address: _raw(browser, address) for address in addresses}
    return Followed(
        followers=FOLLOWERS,
        pushes=len(keys),
        lines=lines,
        lost=sum(
            one.lines.get(number) != text
            for one in followers
            for number, text in enumerate(whole[one.address])
        ),
        doubled=sum(one.doubled for one in followers),
        came_again=sum(one.came_again for one in followers),
        late=[late for one in followers for late in one.late],
    )


def _raw(browser: Browser, address: str) -> list[str]:
    return browser.get(f"{address}log").splitlines()
