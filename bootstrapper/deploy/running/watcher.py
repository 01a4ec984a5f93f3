"""The watcher of a push: a process that resumes the deploying process if a stage has stopped it.

A stage runs as the user who deploys, so it can stop (`kill -STOP`) the deploying process, which
counts the stage's time, and the supervisor with it. Stopped processes wake nobody, and Ctrl-C and
SIGTERM stay pending for them. The watcher is above no stage: none reaches it by its parents' ids.
"""

import os
import select
import signal
import socket
import time
from contextlib import suppress
from types import FrameType, TracebackType
from typing import NoReturn, Self

from bootstrapper.deploy.machine.process import WORDS
from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.service import detach

WAKE = 10.0  # seconds that the deploying process may stand still
AGAIN = 60.0  # seconds after that in which it may not
_LOOK = 0.2  # less than what the runner takes for a standstill and excuses
_SUSPENDED, _RESUMED = b"s", b"r"
# How a terminal suspends a program: Ctrl-Z, or a read or write in the background.
_BY_TERMINAL = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


class Watcher:
    """A context manager, for the main thread. What a person suspends by Ctrl-Z stays suspended."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._pid = 0
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        if process_tree.KNOWN:
            deploying = os.getpid()
            self._socket, theirs = socket.socketpair()
            self._pid = os.fork()
            if self._pid == 0:
                _Watch(theirs, deploying).run()
            theirs.close()
            self._before = {
                number: signal.signal(number, self._suspend)
                for number in _BY_TERMINAL
                if signal.getsignal(number) is signal.SIG_DFL
            }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        if self._socket:
            self._socket.close()
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._pid, signal.SIGKILL)  # it may be stopped
                os.waitpid(self._pid, 0)

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """Do the default action of the signal, and tell the watcher that a person did it."""
        self._send(_SUSPENDED)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # it returns when the person resumes the push
        signal.signal(number, self._suspend)
        self._send(_RESUMED)

    def _send(self, message: bytes) -> None:
        if self._socket:
            with suppress(OSError):  # the watcher was killed
                self._socket.send(message, socket.MSG_DONTWAIT)  # Python ignores SIGPIPE


class _Watch:
    """The loop of the watcher, in its own process, until the deploying process ends."""

    def __init__(self, connection: socket.socket, deploying: int) -> None:
        self._connection = connection
        self._deploying = deploying
        self._suspended = False
        self._stopped_since: float | None = None
        self._woken = -AGAIN

    def run(self) -> NoReturn:
        """Run in the child. Never returns."""
        try:
            self._connection = detach(self._connection)
            while self._listen():
                self._look(time.monotonic())
        finally:
            os._exit(0)

    def _listen(self) -> bool:
        """Wait a moment for what the deploying process has to say; false once it has ended."""
        if not select.select([self._connection], [], [], _LOOK)[0]:
            return True
        message = self._connection.recv(4096)
        self._suspended = message.endswith(_SUSPENDED)
        return bool(message)

    def _look(self, now: float) -> None:
        found = process_tree.status(self._deploying)
        if found is None or not found.stopped:
            self._stopped_since = None
            return
        if self._stopped_since is None:
            self._stopped_since = now
        patience = 0.0 if now - self._woken < AGAIN else WAKE
        late = not self._suspended and now - self._stopped_since >= patience
        if late or process_tree.pending(self._deploying) & WORDS.keys():
            if patience:
                self._woken = now
            os.kill(self._deploying, signal.SIGCONT)
