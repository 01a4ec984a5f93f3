"""A clock that never goes back, and times as text."""

import time
from datetime import datetime


class PushClock:
    """A clock that starts at the wall clock's time and ignores later changes of that clock.

    It uses CLOCK_BOOTTIME, which also counts while a laptop sleeps, where the system has it.
    """

    def __init__(self, starts_at: float | None = None) -> None:
        """Start at that time, in seconds since 1970; by default at the wall clock's time."""
        self._kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        starts_at = time.time() if starts_at is None else starts_at
        self._offset = starts_at - time.clock_gettime(self._kind)

    def now(self) -> float:
        """Return seconds since 1970."""
        return self._offset + time.clock_gettime(self._kind)


def iso_time(at: float | None) -> str | None:
    """Return local time with its offset: `2026-11-24T14:03:07.123+01:00`."""
    if at is None:
        return None
    return datetime.fromtimestamp(round(at, 3)).astimezone().isoformat(timespec="milliseconds")


def iso_now() -> str:
    """Return the time, to the second, as ISO 8601 with offset."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def short_time(since: str) -> str:
    """Return the time in the reader's time zone, with the date unless it is today."""
    try:
        at = datetime.fromisoformat(since).astimezone()
    except ValueError:
        return since
    today = at.date() == datetime.now().astimezone().date()
    return at.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
