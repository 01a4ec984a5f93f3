"""Leave out events that repeat, and count them."""

import threading
import time
from collections import OrderedDict

KEYS = 10_000  # that a process remembers


class Throttle:
    """Lets an event through once in an interval for each key, in this process."""

    def __init__(self):
        """Remember nothing yet."""
        self._lock = threading.Lock()
        self._until = OrderedDict()  # by key: (when the next event may pass, how many did not)

    def left_out(self, key):
        """Return how many events of the key were left out since one passed; None if this one is."""
        with self._lock:
            until, number = self._until.get(key, (0.0, 0))
            if time.monotonic() >= until:
                return number
            self._until[key] = until, number + 1
            return None

    def passed(self, key, interval):
        """Leave out the events of the key for that many seconds."""
        with self._lock:
            self._until[key] = time.monotonic() + interval, 0
            self._until.move_to_end(key)
            while len(self._until) > KEYS:
                self._until.popitem(last=False)

    def clear(self):
        """Forget all keys. Tests do so, because their rows get the same keys again."""
        with self._lock:
            self._until.clear()
