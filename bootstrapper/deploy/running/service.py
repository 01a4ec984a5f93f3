"""The supervisor's process: start the jobs of a push, wait for them, end what they leave."""

import fcntl
import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from bootstrapper.deploy.machine.account import LENGTH
from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.process_tree import Ending, Process, ending_steps

_LOOK_MILLISECONDS = 2  # between two looks at the streams of jobs
COULD_NOT_RUN, NOT_FOUND = 126, 127  # as in a shell


class Service:
    """The loop of the supervisor, in its own process. It `creates` the directories of jobs."""

    def __init__(self, connection: socket.socket, grace: float, *, creates: bool = False) -> None:
        self._connection = connection
        self._grace = grace
        self._creates = creates
        self._keys: dict[int, int] = {}  # by process id
        self._streams: dict[int, Sequence[int]] = {}  # of those
        self._spared: set[Process] = set()
        self._sessions: set[int] = set()  # of the jobs of the last stage
        self._broken_off = False

    def run(self) -> NoReturn:
        """Run in the child. Never returns, and does not flush what the parent has buffered."""
        try:
            self._detach()
            self._serve()
            self._reap()
            self._broken_off = bool(self._keys)
            Ending(self._left, ending_steps(self._grace), self._sessions).finish()
        finally:
            os._exit(0)

    def _detach(self) -> None:
        self._connection = detach(self._connection)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # subprocess gives jobs the default back
        process_tree.adopt_orphans()

    def _serve(self) -> None:
        """Serve until the connection closes."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        waiting = select.poll()
        waiting.register(reading, select.POLLIN)
        waiting.register(self._connection, select.POLLIN)
        while True:
            ready = [
                descriptor
                for descriptor, _ in waiting.poll(_LOOK_MILLISECONDS if self._streams else None)
            ]
            self._restore_streams()
            if reading in ready:
                os.read(reading, 4096)
                self._reap()
            if self._connection.fileno() in ready and not self._receive():
                return

    def _receive(self) -> bool:
        """Start a job on request; return false at the end."""
        try:
            size, descriptors, _, _ = socket.recv_fds(self._connection, LENGTH, 2)
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
        self._start(job, descriptors)
        return True

    def _exactly(self, size: int) -> bytes:
        """Return so many bytes of a message; none if the connection closes before."""
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
            if self._creates:
                os.makedirs(job["directory"], exist_ok=True)
            process = subprocess.Popen(
                job["argv"],
                env=job["environment"],
                cwd=job["directory"],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            status, reason = _refusal(error, job["argv"][0], job["directory"])
            _close(descriptors)
            self._say({"key": job["key"], "status": status, "reason": reason})
            return
        process.returncode = 0  # we wait for it ourselves
        self._keys[process.pid] = job["key"]
        self._streams[process.pid] = descriptors
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
                _close(self._streams.pop(pid))
                self._say({"key": self._keys.pop(pid), "status": os.waitstatus_to_exitcode(status)})

    def _restore_streams(self) -> None:
        """Clear O_NONBLOCK on streams that a program has set it on, for the other programs."""
        for pid, descriptors in self._streams.items():
            for index, descriptor in enumerate(descriptors):
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
                if flags & os.O_NONBLOCK:
                    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags & ~os.O_NONBLOCK)
                    self._say({"key": self._keys[pid], "nonblocking": index})

    def _left(self) -> set[Process]:
        self._reap()
        if not process_tree.KNOWN:
            return process_tree.living_groups(self._sessions)
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


def detach(connection: socket.socket) -> socket.socket:
    """Keep nothing of the parent's but the connection: no lock, no terminal, no handler.

    For a forked process; returns the connection.
    """
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if signal.getsignal(number) not in (signal.SIG_DFL, None):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if os.getsid(0) != os.getpid():  # sudo may have made it a leader already
        os.setsid()
    os.chdir("/")
    kept = connection.detach()
    if kept != 3:  # dup3(2) refuses that
        kept = os.dup2(kept, 3, inheritable=False)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.close(null)
    return socket.socket(fileno=kept)


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _refusal(error: OSError | ValueError, program: str, directory: str) -> tuple[int, str]:
    """Return why a job couldn't be started: the exit status of a shell, and words."""
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
