"""A clock that never goes back, and times as text."""

import time
from datetime import datetime


class PushClock:
    """A clock that starts at the wall clock's time and ignores later changes of that clock.

    It uses CLOCK_BOOTTIME, which also counts while a laptop sleeps, where the system has it.
    """

    def __init__(self) -> None:
        self._kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        self._offset = time.time() - time.clock_gettime(self._kind)

    def now(self) -> float:
        """Return seconds since 1970."""
        return self._offset + time.clock_gettime(self._kind)


def iso_time(at: float | None) -> str | None:
    """`2026-11-24T14:03:07.123+01:00`: local time with its offset."""
    if at is None:
        return None
    return datetime.fromtimestamp(round(at, 3)).astimezone().isoformat(timespec="milliseconds")


def iso_now() -> str:
    """Return the time, to the second, as ISO 8601 with offset."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def short_time(since: str) -> str:
    """In the reader's own time zone; the date only where it isn't today."""
    try:
        at = datetime.fromisoformat(since).astimezone()
    except ValueError:
        return since
    today = at.date() == datetime.now().astimezone().date()
    return at.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
