"""The web server and the worker as children of one process, which restarts and ends them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import traceback

PR_SET_PDEATHSIG = 1  # prctl(2)
SHORTEST, LONGEST = 1.0, 30.0  # seconds to wait before a restart
STEADY = 60.0  # seconds a child must run for the wait to be short again


class ForkedChild:
    """A child process that calls `run`; messages name it by its `title`."""

    def __init__(self, title, run):
        """Set up; `start()` forks."""
        self.title = title
        self.pid = None
        self.due = 0.0  # on the clock of time.monotonic
        self._run = run
        self._began = 0.0
        self._wait = SHORTEST

    def start(self):
        """Fork the child. The kernel kills it when its parent ends, however that ends."""
        parent = os.getpid()
        self._began = time.monotonic()
        self.pid = os.fork()
        if self.pid:
            return
        status = 1
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            # Only the parent gets Ctrl-C of a terminal: it ends its children in their order.
            os.setpgid(0, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            if os.getppid() == parent:  # else the parent died before prctl() took effect
                self._run()
                status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:  # without the parent's clean-up handlers
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def died(self, status):
        """Return a message about the end of the child, and set when to restart it."""
        self.pid = None
        now = time.monotonic()
        if now - self._began > STEADY:
            self._wait = SHORTEST
        self.due, wait = now + self._wait, self._wait
        self._wait = min(2 * self._wait, LONGEST)
        return f"the {self.title} ended ({how(status)}); it restarts in {wait:.0f} s"

    def send_signal(self, number):
        """Send a signal, if the child runs."""
        if self.pid:
            os.kill(self.pid, number)


def how(status):
    """Return how a process ended, in words, from the status of wait(2)."""
    code = os.waitstatus_to_exitcode(status)
    return f"exit status {code}" if code >= 0 else signal.Signals(-code).name


END = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
PATIENCE = 60.0  # seconds that loading a release may take
TICK = 0.5  # seconds between two checks for children to restart


class ProcessTree:
    """A web server and a worker, which call `web` and `worker`; both run from `release`."""

    def __init__(self, *, web, worker, release):
        """Set up; `run()` starts both."""
        self.web = ForkedChild("web server", web)
        self.worker = ForkedChild("worker", worker)
        self._release = release
        self._refused = None  # a release that cannot be run
        self._ending = False
        self.replaced = False  # whether another release takes over

    def run(self):
        """Keep both running; return after both have ended, at a signal or for another release."""
        signal.pthread_sigmask(signal.SIG_BLOCK, END | {signal.SIGCHLD})
        while not self._ending or self.worker.pid or self.web.pid:
            if not self._ending:
                self._start_due()
            heard = signal.sigtimedwait(END | {signal.SIGCHLD}, TICK)
            self._reap()
            if heard and heard.si_signo in END:
                self._ending = True
                self.replaced = False
                self.worker.send_signal(signal.SIGTERM)  # at the second one it waits no longer
            elif not self._ending and self._has_successor():
                # The worker notices it, too, and ends after its pushes.
                self._ending = self.replaced = True
            if self._ending and not self.worker.pid:
                self.web.send_signal(signal.SIGTERM)

    def _start_due(self):
        for child in (self.worker, self.web):
            if not child.pid and time.monotonic() >= child.due:
                child.start()

    def _reap(self):
        while self.worker.pid or self.web.pid:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            for child in (self.worker, self.web):
                if child.pid == pid:
                    message = child.died(status)
                    if not self._ending:
                        say(message)

    def _has_successor(self):
        """Return whether another release can be loaded. Report one that cannot, once."""
        found = self._release.successor()
        if found in (None, self._refused):
            return False
        if fault := fault_of(self._release):
            self._refused = found
            say(
                f"{found} cannot be run, so {self._release.here} goes on: {fault}\n"
                f"  next: {found}/manage.py rolf --check"
            )
        return not fault


def fault_of(release):
    """Return in a line why the release at the path cannot be run; empty if it can."""
    try:
        checked = subprocess.run(  # noqa: S603
            release.command("rolf", "--check"),
            check=False,
            cwd=release.path,
            timeout=PATIENCE,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, ()),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if not checked.returncode:
        return ""
    return (checked.stderr.strip() or f"exit status {checked.returncode}").splitlines()[-1]


def say(message):
    """Print a message to standard error."""
    print(f"rolf: {message}", file=sys.stderr, flush=True)
