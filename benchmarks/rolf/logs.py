"""A log of a million lines: beside one of a thousand, and beside the same one in a store."""

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
WIDTH = 100  # bytes of a line
PIECE = 1_000_000  # bytes
DOWNLOAD = "download all of it"
ABSENT = "no such words anywhere"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A log of `megabytes` that was joined and stored.

    `memory` is what each took at most beyond an idle process, in MB. `slow_rows` are the rows of a
    log of a line a second for 15 minutes, before and after.
    """

    megabytes: float
    rows: tuple[int, int]
    slow_rows: tuple[int, int]
    join_seconds: float
    join_memory: float
    store_seconds: float
    store_memory: float
    stored_megabytes: float


@dataclass(frozen=True, kw_only=True)
class Logs:
    """Seconds by what is done, of each log; `grown` is what the web process took more, in MB.

    `stored` is as long as `long`, in a directory store. `kept` is what keeping it took.
    """

    short: Seconds
    long: Seconds
    stored: Seconds
    lines: int
    grown: float
    kept: Kept


def measure(project: Path, scratch: Path, *, quick: bool) -> Logs:
    """Both, in turn."""
    home = empty(project, scratch / "logs")
    store = scratch / "log-store"
    store.mkdir()
    (home.current / ".env").write_text(f"ROLF_LOG_STORE={store}\nROLF_LOG_STORE_AFTER=36500\n")
    inside(home, "speakers", 1, 1)
    lines = LONG // 10 if quick else LONG
    kept = inside(home, "kept", 2 * lines)
    addresses = {
        "short": inside(home, "log", SHORT),
        "long": inside(home, "log", lines),
        "stored": inside(home, "stored", lines),
    }
    token = inside(home, "token")
    with started(home) as rolf:
        browser = rolf.browser()
        found: dict[str, dict[str, list[float]]] = {which: {} for which in addresses}
        before = 0.0
        for number in range(ROUNDS + 1):
            for which, (address, api) in addresses.items():
                count = SHORT if which == "short" else lines
                done = _done(browser, address, api, count, token)
                for what, seconds in done.items():
                    if number:  # the first time is a warm-up
                        found[which].setdefault(what, []).append(seconds)
            if not number:
                before = _web(rolf.rolf.web)
        grown = _web(rolf.rolf.web) - before
    return Logs(**found, lines=lines, grown=grown, kept=Kept(**kept))


def _done(
    browser: Browser, address: str, of_api: str, lines: int, token: str
) -> Mapping[str, float]:
    middle, word = lines // 2, f"unique{lines * 3 // 4}word"

    def ask(path: str, answer: object = None) -> None:
        content = browser.get(address + path)
        if answer is not None and json.loads(content)["line"] != answer:
            raise RuntimeError(f"{path} found {content}")

    def absent() -> None:
        found = browser.get(f"{address}search/?q={quote(ABSENT)}&from=0")
        if json.loads(found)["line"] is not None:
            raise RuntimeError("what is nowhere was found")

    def api() -> None:
        size = min(lines * WIDTH, PIECE)
        path = f"{of_api}?offset={max(lines * WIDTH // 2 - size, 0)}&limit={size}"
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/plain"}
        with browser.open("GET", path, headers=headers) as answer:
            if len(answer.read()) != size:
                raise RuntimeError(f"{path} answers {answer.status}")

    def download() -> None:
        with browser.open("GET", f"{address}log") as answer:
            size = 0
            while piece := answer.read(PIECE):
                size += len(piece)
        if size != lines * WIDTH:
            raise RuntimeError(f"the download has {size} bytes")

    return {
        "open the page": stopwatch(lambda: ask("")),
        "jump to the middle": stopwatch(lambda: ask(f"lines/?first={middle - 100}&count=200")),
        "search a word that is there once": stopwatch(
            lambda: ask(f"search/?q={word}&from=0", lines * 3 // 4)
        ),
        "search words that are nowhere": stopwatch(absent),
        "open at a line (#L123)": stopwatch(lambda: ask(f"?line={middle}")),
        "read 1 MB by the API": stopwatch(api),
        DOWNLOAD: stopwatch(download),
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
