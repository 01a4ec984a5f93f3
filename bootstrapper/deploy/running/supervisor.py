"""A process of a push's own that starts its jobs, waits for them, and outlives us by seconds.

It is forked from the deploying process, and talks to it over a socket pair. When that closes (the
deploying process has ended, kill -9 included), it ends what it has started, and then itself. As a
child subreaper it is the parent of all that jobs leave behind, daemons included. Should it be the
one that is killed, its children fall to the deploying process, a subreaper as well.
"""

import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.job import Job
from bootstrapper.deploy.running.process_tree import Ending, Process, Step

GRACE = 2.0  # seconds between TERM and KILL
_LENGTH = 4  # bytes before a message say how long it is
_PATIENCE = 5.0  # seconds that the supervisor has for its own end
COULD_NOT_RUN, NOT_FOUND = 126, 127  # as in a shell


def ending_steps(grace: float) -> list[Step]:
    """What is left over is asked to end, then made to."""
    return [Step(signal.SIGTERM, grace), Step(signal.SIGKILL, 0)]


class Supervisor:
    """The deploying process's side. `socket` is readable when `messages` has something to say."""

    def __init__(self, *, grace: float = GRACE) -> None:
        self._grace = grace
        self.socket, theirs = socket.socketpair()
        self._buffer = b""
        self.pid = os.fork()
        if self.pid == 0:
            _Service(theirs, grace).run()
        theirs.close()
        self._adopting = process_tree.adopt_orphans()
        self._spared: set[Process] = set()
        self._ours: set[int] = set()

    def start(self, key: int, job: Job, stdout: int, stderr: int) -> None:
        """Start a job; the message that answers has the same key."""
        message = json.dumps({
            "key": key, "argv": job.argv, "environment": dict(job.environment),
            "directory": os.path.abspath(job.directory),
        }).encode()
        try:
            socket.send_fds(self.socket, [len(message).to_bytes(_LENGTH)], [stdout, stderr])
            self.socket.sendall(message)
        except OSError:
            return  # it died: `messages` says so

    def messages(self) -> list[dict[str, Any]] | None:
        """What has come since, None when the supervisor has died.

        `{"key", "pid"}` for a job that has started, `{"key", "status"}` for one that has ended
        (negative for a signal), `{"key", "status", "reason"}` for one that couldn't be started.
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

        Daemons, which stay. And our own children are ours: whoever joins them when the supervisor
        dies was one of its.
        """
        self._spared = self.descendants()
        self._ours = set(process_tree.children(os.getpid()))

    def descendants(self) -> set[Process]:
        """What the jobs have started since `begin`, and still lives."""
        return process_tree.descendants(self.pid, self._spared)

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


class _Service:
    """The supervisor's own side."""

    def __init__(self, connection: socket.socket, grace: float) -> None:
        self._connection = connection
        self._grace = grace
        self._keys: dict[int, int] = {}  # by process id
        self._spared: set[Process] = set()
        self._sessions: set[int] = set()  # of the jobs of the last stage
        self._broken_off = False

    def run(self) -> NoReturn:
        """In the child: never returns, and leaves what the parent has buffered to the parent."""
        try:
            self._detach()
            self._serve()
            self._reap()
            self._broken_off = bool(self._keys)
            Ending(self._left, ending_steps(self._grace), self._keys).finish()
        finally:
            os._exit(0)

    def _detach(self) -> None:
        """Keep nothing of the parent's but the connection: no lock, no terminal, no handler."""
        signal.set_wakeup_fd(-1)
        for number in signal.valid_signals():
            if signal.getsignal(number) not in (signal.SIG_DFL, None):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # subprocess gives jobs the default back
        os.setsid()
        os.chdir("/")
        kept = os.dup2(self._connection.detach(), 3, inheritable=False)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        os.close(null)
        self._connection = socket.socket(fileno=kept)
        process_tree.adopt_orphans()

    def _serve(self) -> None:
        """Until the connection closes."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        waiting = select.poll()
        waiting.register(reading, select.POLLIN)
        waiting.register(self._connection, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in waiting.poll()]
            if reading in ready:
                os.read(reading, 4096)
                self._reap()
            if self._connection.fileno() in ready and not self._receive():
                return

    def _receive(self) -> bool:
        """Start a job that is asked for; false at the end."""
        try:
            size, descriptors, _, _ = socket.recv_fds(self._connection, _LENGTH, 2)
            message = self._exactly(int.from_bytes(size))
        except OSError:
            return False
        if not message:
            return False
        if not self._keys:
            # What is there was left by stages that have ended: daemons, which stay.
            self._spared = process_tree.descendants(os.getpid())
            self._sessions.clear()
        job = json.loads(message)
        try:
            self._start(job, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _exactly(self, size: int) -> bytes:
        """So many bytes of a message; none when the connection closes before."""
        message = bytearray()
        while len(message) < size:
            part = self._connection.recv(size - len(message))
            if not part:
                return b""
            message += part
        return bytes(message)

    def _start(self, job: dict[str, Any], descriptors: Sequence[int]) -> None:
        stdout, stderr = descriptors
        try:
            process = subprocess.Popen(
                job["argv"], env=job["environment"], cwd=job["directory"],
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True)
        except (OSError, ValueError) as error:
            status, reason = _refusal(error, job["argv"][0], job["directory"])
            self._say({"key": job["key"], "status": status, "reason": reason})
            return
        process.returncode = 0  # we wait for it ourselves
        self._keys[process.pid] = job["key"]
        self._sessions.add(process.pid)
        self._say({"key": job["key"], "pid": process.pid})

    def _reap(self) -> None:
        """Wait for all who have ended: jobs are reported, what they left behind is not."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid in self._keys:
                self._say({"key": self._keys.pop(pid),
                           "status": os.waitstatus_to_exitcode(status)})

    def _left(self) -> set[Process]:
        self._reap()
        if not process_tree.KNOWN:
            return {Process(pid, 0) for pid in self._keys}
        left = process_tree.descendants(os.getpid(), self._spared)
        if self._broken_off:
            return left
        # A stage that came to its end may leave daemons, which have sessions of their own.
        found = map(process_tree.status, (one.pid for one in left))
        return {one.process for one in found if one and one.session in self._sessions}

    def _say(self, message: dict[str, Any]) -> None:
        try:
            self._connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return  # nobody listens: the next read sees the end


def _refusal(error: OSError | ValueError, program: str, directory: str) -> tuple[int, str]:
    """Why a job couldn't be started: a shell's status for it, and words."""
    if isinstance(error, ValueError):
        return COULD_NOT_RUN, f"{program}: {error}"
    if error.filename == directory and not Path(directory).is_dir():
        return NOT_FOUND, f"{directory}: there is no such directory to run it in"
    if isinstance(error, FileNotFoundError):
        if os.path.exists(program):
            return NOT_FOUND, f"{program}: the interpreter in its first line wasn't found"
        return NOT_FOUND, f"{program}: command not found"
    if isinstance(error, PermissionError):
        return COULD_NOT_RUN, f"{program}: not executable"
    return COULD_NOT_RUN, f"{program}: {error.strerror}"
