"""A child of a process that has loaded everything: forked, and forked again when it dies."""

import ctypes
import os
import signal
import sys
import time
import traceback

PR_SET_PDEATHSIG = 1  # prctl(2)
SHORTEST, LONGEST = 1.0, 30.0  # seconds to wait before it is started again
STEADY = 60.0  # seconds it must have lived for the wait to be short again


class Child:
    """`run` is what it does; it has the `title` where people read of it."""

    def __init__(self, title, run):
        """Start nothing yet."""
        self.title = title
        self.pid = None
        self.due = 0.0  # on the clock of time.monotonic
        self._run = run
        self._began = 0.0
        self._wait = SHORTEST

    def start(self):
        """Fork it. It dies with its parent, however that ends."""
        parent = os.getpid()
        self._began = time.monotonic()
        self.pid = os.fork()
        if self.pid:
            return
        status = 1
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            # Ctrl-C in a terminal is the parent's to hear: it ends its children in their order.
            os.setpgid(0, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            if os.getppid() == parent:  # else it died before this one could be told
                self._run()
                status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:  # nothing of what the parent would do at its end is a child's
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def died(self, status):
        """Note the end; return a word about it, and set when it is started again."""
        self.pid = None
        now = time.monotonic()
        if now - self._began > STEADY:
            self._wait = SHORTEST
        self.due, wait = now + self._wait, self._wait
        self._wait = min(2 * self._wait, LONGEST)
        return f"the {self.title} ended ({how(status)}); it is started again in {wait:.0f} s"

    def tell(self, number):
        """Send a signal, if it lives."""
        if self.pid:
            os.kill(self.pid, number)


def how(status):
    """Return in words how a process ended, from what wait(2) says."""
    code = os.waitstatus_to_exitcode(status)
    return f"exit status {code}" if code >= 0 else signal.Signals(-code).name
