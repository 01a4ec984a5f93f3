"""A log of a million lines beside one of a thousand: its page, its middle, a search."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from benchmarks.race import Seconds, stopwatch
from benchmarks.rolf.browser import Browser
from benchmarks.rolf.instance import empty, inside, started

SHORT, LONG = 1_000, 1_000_000
ROUNDS = 15
ABSENT = "no such words anywhere"


@dataclass(frozen=True, kw_only=True)
class Logs:
    """Seconds by what is done, of either log; `grown` is what the web process took more, in MB."""

    short: Seconds
    long: Seconds
    lines: int
    grown: float


def measure(project: Path, scratch: Path, *, quick: bool) -> Logs:
    """Both, in turn."""
    home = empty(project, scratch / "logs")
    inside(home, "speakers", 1, 1)
    lines = LONG // 10 if quick else LONG
    addresses = {SHORT: inside(home, "log", SHORT), lines: inside(home, "log", lines)}
    with started(home) as rolf:
        browser = rolf.browser()
        found: dict[int, dict[str, list[float]]] = {count: {} for count in addresses}
        before = 0.0
        for number in range(ROUNDS + 1):
            for count, address in addresses.items():
                for what, seconds in _done(browser, address, count).items():
                    if number:  # the first time is a warm-up
                        found[count].setdefault(what, []).append(seconds)
            if not number:
                before = _web(rolf.rolf.web)
        grown = _web(rolf.rolf.web) - before
    return Logs(short=found[SHORT], long=found[lines], lines=lines, grown=grown)


def _done(browser: Browser, address: str, lines: int) -> Mapping[str, float]:
    middle, word = lines // 2, f"unique{lines * 3 // 4}word"

    def ask(path: str, answer: object = None) -> None:
        content = browser.get(address + path)
        if answer is not None and json.loads(content)["line"] != answer:
            raise RuntimeError(f"{path} found {content}")

    def absent() -> None:
        found = browser.get(f"{address}search/?q={quote(ABSENT)}&from=0")
        if json.loads(found)["line"] is not None:
            raise RuntimeError("what is nowhere was found")

    return {
        "open the page": stopwatch(lambda: ask("")),
        "jump to the middle": stopwatch(lambda: ask(f"lines/?first={middle - 100}&count=200")),
        "search a word that is there once": stopwatch(
            lambda: ask(f"search/?q={word}&from=0", lines * 3 // 4)
        ),
        "search words that are nowhere": stopwatch(absent),
    }


def _web(pid: int) -> float:
    """What the process has of its own, in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return (
        sum(
            int(kilobytes)
            for kilobytes in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+)", text, re.M)
        )
        / 1e3
    )
