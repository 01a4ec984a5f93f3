"""The deploying process's side of its supervisor, a process of the push's own that runs its jobs.

It is forked from the deploying process, and talks to it over a socket pair. When that closes (the
deploying process has ended, kill -9 included), it ends what it has started, and then itself. As a
child subreaper it is the parent of all that jobs leave behind, daemons included. Should it be the
one that is killed, its children fall to the deploying process, a subreaper as well.
"""

import json
import os
import signal
import socket
import time
from contextlib import ExitStack
from typing import Any

from bootstrapper.deploy.machine.account import Account, send
from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.job import Job
from bootstrapper.deploy.running.process_tree import Ending, Process, ending_steps
from bootstrapper.deploy.running.service import Service
from bootstrapper.deploy.running.signals import Signals

GRACE = 2.0  # seconds between TERM and KILL
_NUMBERS = ("key", "pid", "status", "nonblocking")
_LONGEST = 1 << 20  # bytes of a message
_PATIENCE = 5.0  # seconds that the supervisor has for its own end


class Supervisor:
    """The deploying process's side. `socket` is readable when `messages` has something to say."""

    def __init__(self, *, grace: float = GRACE, account: Account | None = None) -> None:
        self._grace = grace
        self._account = account or Account()
        self._signals = Signals(self._account)
        self.socket, theirs = socket.socketpair()
        self._buffer = b""
        if self._account.other:
            send(self.socket, {"do": "supervise", "grace": grace})
        with ExitStack() as failed, theirs:
            failed.callback(self.socket.close)
            service = Service(theirs, grace)
            self.pid = self._account.supervise(theirs, service.run)
            failed.pop_all()
        self._adopting = process_tree.adopt_orphans()
        self._spared: set[Process] = set()
        self._ours: set[int] = set()

    def start(self, key: int, job: Job, stdout: int, stderr: int) -> None:
        """Start a job; the message that answers has the same key."""
        account = self._account
        message = {
            "key": key,
            "argv": account.limits.command(job.argv, uid=account.uid),
            "environment": dict(job.environment),
            "directory": os.path.abspath(job.directory),
        }
        for descriptor in (stdout, stderr):
            account.share_pipe(descriptor)
        try:
            send(self.socket, message, [stdout, stderr])
        except OSError:
            return  # it died: `messages` says so

    def messages(self) -> list[dict[str, Any]] | None:
        """Return the messages since the last call, None if the supervisor has died.

        `{"key", "pid"}` for a job that has started, `{"key", "status"}` for one that has ended
        (negative for a signal), `{"key", "status", "reason"}` for one that could not be started,
        `{"key", "nonblocking": 0 or 1}` for one whose stdout or stderr a program has made so.

        A stage that runs as the same user can trace it, and write anything in its name. What is no
        message counts as its death.
        """
        try:
            received = self.socket.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            received = b""
        if not received:
            return None
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        try:
            if len(self._buffer) > _LONGEST:
                raise ValueError("a message without an end")
            return [_message(line) for line in lines]
        except (ValueError, RecursionError):
            self.kill()
            return None

    def begin(self) -> None:
        """Prepare for the jobs of a stage: note the processes that ended stages have left."""
        self._spared = self.descendants()
        self._ours = set(process_tree.children(os.getpid()))

    def descendants(self) -> set[Process]:
        """Return the living processes that the jobs have started since `begin`."""
        return process_tree.descendants(self.pid, self._spared)

    def wake(self) -> None:
        """Resume it if a stage has stopped it."""
        found = process_tree.status(self.pid)
        if found and found.stopped:
            self.signal(found.process, signal.SIGCONT)

    def kill(self) -> None:
        """Kill it, because it does not answer; `messages` then returns None."""
        if found := process_tree.status(self.pid):
            self.signal(found.process, signal.SIGKILL)

    def signal(self, process: Process, number: signal.Signals) -> None:
        """Send a signal to a process of a job."""
        self._signals.send(process, number)

    def bury(self) -> None:
        """End the processes that it leaves, after it has died."""
        self.socket.close()
        _wait(self.pid)  # from here on its children are ours
        left: set[int] = set()

        def members() -> set[Process]:
            found = set()
            for pid in set(process_tree.children(os.getpid())) - self._ours:
                one = process_tree.status(pid)
                if one and one.process not in self._spared:
                    left.add(pid)
                    found |= process_tree.descendants(pid, self._spared)
                    found |= set() if one.zombie else {one.process}
            return found

        Ending(members, ending_steps(self._grace), signals=self.signal).finish()
        self._signals.close()
        process_tree.adopt_orphans(self._adopting)
        for pid in left:
            _wait(pid, os.WNOHANG)

    def close(self) -> None:
        """Let it end what a broken stage has left, and then itself.

        The daemons of stages that ended become children of init.
        """
        process_tree.adopt_orphans(self._adopting)
        self.socket.close()
        end = time.monotonic() + self._grace + _PATIENCE
        while not _wait(self.pid, os.WNOHANG):
            if time.monotonic() > end:  # somebody stopped it
                process_tree.adopt_orphans()
                self.kill()
                self.bury()
                return
            time.sleep(0.001)
        self._signals.close()


def _wait(pid: int, options: int = 0) -> bool:
    """Wait for a child of ours; true when it has ended."""
    try:
        return os.waitpid(pid, options)[0] == pid
    except ChildProcessError:  # somebody else waited for it
        return True


def _message(line: bytes) -> dict[str, Any]:
    """Return a message. Raise ValueError if it is none of those that a supervisor sends."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(message)
    numbers = {name: message[name] for name in _NUMBERS if name in message}
    valid = (
        "key" in numbers
        and len(numbers) == 2
        and all(type(each) is int for each in numbers.values())
        and numbers.get("nonblocking", 0) in (0, 1)
        and isinstance(message.get("reason", ""), str)
    )
    if not valid:
        raise ValueError(message)
    return message
