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
from typing import Any

from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.job import Job
from bootstrapper.deploy.running.process_tree import Ending, Process, ending_steps
from bootstrapper.deploy.running.service import LENGTH, Service

GRACE = 2.0  # seconds between TERM and KILL
_PATIENCE = 5.0  # seconds that the supervisor has for its own end


class Supervisor:
    """The deploying process's side. `socket` is readable when `messages` has something to say."""

    def __init__(self, *, grace: float = GRACE) -> None:
        self._grace = grace
        self.socket, theirs = socket.socketpair()
        self._buffer = b""
        self.pid = os.fork()
        if self.pid == 0:
            Service(theirs, grace).run()
        theirs.close()
        self._adopting = process_tree.adopt_orphans()
        self._spared: set[Process] = set()
        self._ours: set[int] = set()

    def start(self, key: int, job: Job, stdout: int, stderr: int) -> None:
        """Start a job; the message that answers has the same key."""
        message = json.dumps(
            {
                "key": key,
                "argv": job.argv,
                "environment": dict(job.environment),
                "directory": os.path.abspath(job.directory),
            }
        ).encode()
        try:
            socket.send_fds(self.socket, [len(message).to_bytes(LENGTH)], [stdout, stderr])
            self.socket.sendall(message)
        except OSError:
            return  # it died: `messages` says so

    def messages(self) -> list[dict[str, Any]] | None:
        """What has come since, None when the supervisor has died.

        `{"key", "pid"}` for a job that has started, `{"key", "status"}` for one that has ended
        (negative for a signal), `{"key", "status", "reason"}` for one that couldn't be started,
        `{"key", "nonblocking": 0 or 1}` for one whose stdout or stderr a program has made so.
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
        return [json.loads(line) for line in lines]

    def begin(self) -> None:
        """Before the jobs of a stage: what is there is left by stages that have ended.

        Daemons, which stay. And our own children are ours: a process that joins them when the supervisor
        dies was one of its.
        """
        self._spared = self.descendants()
        self._ours = set(process_tree.children(os.getpid()))

    def descendants(self) -> set[Process]:
        """Return the living processes that the jobs have started since `begin`."""
        return process_tree.descendants(self.pid, self._spared)

    def wake(self) -> None:
        """Have it go on if a stage has stopped it."""
        found = process_tree.status(self.pid)
        if found and found.stopped:
            os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it at once: it doesn't answer. `messages` then says so."""
        os.kill(self.pid, signal.SIGKILL)

    def bury(self) -> None:
        """After it has died: end what it leaves to us."""
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

        Ending(members, ending_steps(self._grace)).finish()
        process_tree.adopt_orphans(self._adopting)
        for pid in left:
            _wait(pid, os.WNOHANG)

    def close(self) -> None:
        """Let it end what is left of a stage that didn't come to its end, and itself.

        Daemons of stages that did become init's.
        """
        process_tree.adopt_orphans(self._adopting)
        self.socket.close()
        end = time.monotonic() + self._grace + _PATIENCE
        while not _wait(self.pid, os.WNOHANG):
            if time.monotonic() > end:  # somebody stopped it
                process_tree.adopt_orphans()
                os.kill(self.pid, signal.SIGKILL)
                self.bury()
                return
            time.sleep(0.001)


def _wait(pid: int, options: int = 0) -> bool:
    """Wait for a child of ours; true when it has ended."""
    try:
        return os.waitpid(pid, options)[0] == pid
    except ChildProcessError:  # somebody else waited for it
        return True
