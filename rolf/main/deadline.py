"""Ask the database with a deadline, because an unreachable server keeps a client waiting."""

import threading

from django.db import connection, connections


class Bounded:
    """A function that is called in a thread of its own, by one caller at a time.

    Others that call meanwhile share its result, so that a database that hangs keeps one thread and
    one connection waiting, however many clients ask.
    """

    def __init__(self, function, seconds):
        """Wait at most `seconds` for the function."""
        self._function, self._seconds = function, seconds
        self._lock = threading.Lock()
        self._call = None

    def __call__(self):
        """Return what the function returns. Raises TimeoutError, or what the function raises."""
        if connection.in_atomic_block:  # only this connection sees the transaction (in tests)
            return self._function()
        with self._lock:
            if self._call is None or self._call.done.is_set():
                self._call = _Call(self._function)
        return self._call.result(self._seconds)


class _Call:
    """One call in a thread."""

    def __init__(self, function):
        self.done = threading.Event()
        self._value = self._error = None
        threading.Thread(target=self._run, args=[function], daemon=True).start()

    def result(self, seconds):
        if not self.done.wait(seconds):
            raise TimeoutError(f"no answer within {seconds:g} seconds")
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self, function):
        try:
            self._value = function()
        except Exception as error:
            self._error = error
        finally:
            connections.close_all()
            self.done.set()
