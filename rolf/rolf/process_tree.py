"""The processes of ./manage.py rolf: a parent that has loaded the code, a web server, a worker.

The children are forked of the parent, so that all three share the memory that the code takes.
"""

import os
import signal
import subprocess
import sys
import time

from .child import Child

END = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
PATIENCE = 60.0  # seconds that loading a release may take
TICK = 0.5  # seconds between two looks at what is due


class ProcessTree:
    """`web` and `worker` are what those do; `release` is the one that all of it runs of."""

    def __init__(self, *, web, worker, release):
        """Start nothing yet."""
        self.web = Child("web server", web)
        self.worker = Child("worker", worker)
        self._release = release
        self._refused = None  # a release that can't be run
        self._ending = False
        self.anew = False  # whether another release is to go on

    def run(self):
        """Keep both alive; return when told to end, or for another release, with nothing left."""
        signal.pthread_sigmask(signal.SIG_BLOCK, END | {signal.SIGCHLD})
        while not self._ending or self.worker.pid or self.web.pid:
            if not self._ending:
                self._start_what_is_due()
            heard = signal.sigtimedwait(END | {signal.SIGCHLD}, TICK)
            self._bury()
            if heard and heard.si_signo in END:
                self._ending = True
                self.anew = False
                self.worker.tell(signal.SIGTERM)  # the second time, it waits no longer
            elif not self._ending and self._has_successor():
                # The worker sees it, too, and takes as long as its pushes do.
                self._ending = self.anew = True
            if self._ending and not self.worker.pid:
                self.web.tell(signal.SIGTERM)

    def _start_what_is_due(self):
        for child in (self.worker, self.web):
            if not child.pid and time.monotonic() >= child.due:
                child.start()

    def _bury(self):
        while self.worker.pid or self.web.pid:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            for child in (self.worker, self.web):
                if child.pid == pid:
                    word = child.died(status)
                    if not self._ending:
                        say(word)

    def _has_successor(self):
        """Whether there is another release, and it can be loaded; once for each that can't."""
        found = self._release.successor()
        if found in (None, self._refused):
            return False
        if fault := fault_of(self._release):
            self._refused = found
            say(f"{found} can't be run, so {self._release.here} goes on: {fault}\n"
                f"  next: see what {found}/manage.py rolf --check says, or push again")
        return not fault


def fault_of(release):
    """Return why what the release's name leads to can't be run, in a line; empty if it can."""
    try:
        checked = subprocess.run(  # noqa: S603
            release.command("rolf", "--check"), check=False, cwd=release.path, timeout=PATIENCE,
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, ()))
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if not checked.returncode:
        return ""
    return (checked.stderr.strip() or f"exit status {checked.returncode}").splitlines()[-1]


def say(word):
    """Tell whoever reads the output."""
    print(f"rolf: {word}", file=sys.stderr, flush=True)
