"""Times of a push that never go back."""

import time


class Clock:
    """Starts at the wall clock's time and goes on evenly, whatever is done to the wall clock.

    CLOCK_BOOTTIME goes on while a laptop sleeps, where the system has it.
    """

    def __init__(self) -> None:
        self._kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        self._offset = time.time() - time.clock_gettime(self._kind)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._offset + time.clock_gettime(self._kind)
