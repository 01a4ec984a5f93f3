"""Processes that end together: children, and the tree of them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import traceback

PR_SET_PDEATHSIG = 1  # prctl(2)
SHORTEST, LONGEST = 1.0, 30.0  # seconds to wait before it is started again
STEADY = 60.0  # seconds it must have lived for the wait to be short again


class ForkedChild:
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


END = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
PATIENCE = 60.0  # seconds that loading a release may take
TICK = 0.5  # seconds between two looks at what is due


class ProcessTree:
    """`web` and `worker` are what those do; `release` is the one that all of it runs of."""

    def __init__(self, *, web, worker, release):
        """Start nothing yet."""
        self.web = ForkedChild("web server", web)
        self.worker = ForkedChild("worker", worker)
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
