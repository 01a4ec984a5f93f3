"""Peak memory of a contender, read from /proc while it runs; that run's time is not counted."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import Contender

INTERVAL_SECONDS = 0.005
_HIGHEST = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_SHARE = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass(kw_only=True)
class Peak:
    """In bytes: the largest process (VmHWM), and all at one time (sum of Pss: what processes
    share counts once).
    """

    largest: int = 0
    together: int = 0


def peak(contender: Contender) -> Peak:
    """Run once more and watch. It is a sample: what lives shorter than 5 ms isn't seen."""
    found = Peak()
    contender.prepare()
    for words in contender.commands:
        with contender.started(words) as process:
            watch = threading.Thread(target=_watch, args=(process.pid, found))
            watch.start()
            process.wait()
            watch.join()
    return found


def _watch(pid: int, found: Peak) -> None:
    while True:
        processes = list(family(pid))
        sizes = [_read(each, "status", _HIGHEST) for each in processes]
        if not any(sizes):  # a zombie has no memory
            return
        found.largest = max(found.largest, *sizes)
        found.together = max(found.together, together(pid))
        time.sleep(INTERVAL_SECONDS)


def together(pid: int) -> int:
    """What a process and its descendants take now; what they share counts once (sum of Pss)."""
    return sum(_read(each, "smaps_rollup", _SHARE) for each in family(pid))


def family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from family(int(child))


def _read(pid: int, name: str, pattern: re.Pattern[str]) -> int:
    try:
        found = pattern.search(Path(f"/proc/{pid}/{name}").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
