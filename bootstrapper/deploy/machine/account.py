"""The system user that stages run as: the one who pushes, or another one.

Another user's processes are started by one fixed command, which `sudo` allows. It gets everything
else over a socket that is its stdin: no argument and no file has a secret. When the socket closes,
because this process has ended, it ends what it has started.
"""

import json
import os
import pwd
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

from bootstrapper.deploy.machine.limits import Limits
from bootstrapper.errors import WorkFailed

LENGTH = 4  # bytes before a message say how long it is
_TURN = 0.1  # seconds


def send(connection: socket.socket, message: object, descriptors: Sequence[int] = ()) -> None:
    """Send a message with open files. Raise OSError if the other side has ended."""
    data = json.dumps(message).encode()
    socket.send_fds(connection, [len(data).to_bytes(LENGTH)], list(descriptors))
    connection.sendall(data)


@dataclass(frozen=True, kw_only=True)
class Account:
    """The user of this process. `limits` are those of each stage."""

    limits: Limits = field(default_factory=Limits)

    @property
    def other(self) -> bool:
        """Whether it is another user than that of this process."""
        return False

    @property
    def uid(self) -> int:
        """The user's id."""
        return os.getuid()

    @property
    def shell(self) -> str:
        """The login shell; "" for a user without a name."""
        try:
            return pwd.getpwuid(self.uid).pw_shell
        except KeyError:  # in a container
            return ""

    def environment(self, inherited: Mapping[str, str]) -> Mapping[str, str]:
        """Return what stages get of this process's environment."""
        return inherited

    def supervise(self, connection: socket.socket, serve: Callable[[], NoReturn]) -> int:
        """Start a supervisor, a child of this process. Return its process id."""
        pid = os.fork()
        if pid == 0:
            serve()
        return pid

    def popen(self, argv: Sequence[str], **streams: Any) -> "subprocess.Popen[bytes]":
        """Start a program, with pipes as its stdin and stdout."""
        return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **streams)

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill a program of `popen`."""
        process.kill()

    def share(self, path: Path, mode: int = 0) -> None:
        """Give the user the permissions `mode` on a file or directory of ours."""

    def share_pipe(self, descriptor: int) -> None:
        """Let the user open a pipe of ours once more, as by /dev/stderr."""

    def make_directory(self, path: Path) -> None:
        """Create a directory that is the user's, unless it exists."""
        path.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def admitted(self, project: Path) -> Iterator[None]:
        """Let the user enter a project for as long as the body runs."""
        yield

    def admit(self, directory: Path) -> None:
        """Let the user work in the directory of a push, in a project that is open."""


@dataclass(frozen=True, kw_only=True)
class StageUser(Account):
    """Another system user. `command` is the fixed command that sudo allows."""

    name: str
    command: str

    @property
    def other(self) -> bool:
        """Whether it is another user than that of this process."""
        return True

    @property
    def _entry(self) -> pwd.struct_passwd:
        try:
            return pwd.getpwnam(self.name)
        except KeyError:
            raise self._failure("there is no such user") from None

    @property
    def uid(self) -> int:
        """The user's id. Raise WorkFailed if there is no such user."""
        return self._entry.pw_uid

    @property
    def shell(self) -> str:
        """The login shell."""
        return self._entry.pw_shell

    def environment(self, inherited: Mapping[str, str]) -> Mapping[str, str]:
        """Return what stages get of this process's environment, with the user's own home."""
        own = {name: value for name, value in inherited.items() if name != "SSH_AUTH_SOCK"}
        return own | {"HOME": self._entry.pw_dir, "USER": self.name}

    def supervise(self, connection: socket.socket, serve: Callable[[], NoReturn]) -> int:
        """Start a supervisor, a child of this process. Return its process id.

        Raise WorkFailed if sudo refuses.
        """
        with subprocess.Popen(
            self._words,
            stdin=connection.fileno(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            process.returncode = 0  # the caller waits for it
            assert process.stdout
            printed = process.stdout.readline().decode(errors="replace").strip()
            if printed == f"supervisor {process.pid}":
                return process.pid
        connection.shutdown(socket.SHUT_RDWR)  # which ends a supervisor
        os.waitpid(process.pid, 0)
        if printed.startswith("supervisor "):
            # Such a sudo would stop with its command, and nobody could resume it.
            printed = (
                "sudo waits for the command, instead of becoming it: a line Defaults is missing"
            )
        raise self._failure(printed or "the command ended")

    @property
    def _words(self) -> list[str]:
        return ["sudo", "-n", "-u", self._entry.pw_name, "--", self.command]

    def popen(self, argv: Sequence[str], **streams: Any) -> "subprocess.Popen[bytes]":
        """Start a program as the user, with pipes as its stdin and stdout."""
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        with ours, theirs:
            process = subprocess.Popen(
                self._words, stdin=theirs.fileno(), stdout=subprocess.PIPE, **streams
            )
            assert process.stdout
            self.share_pipe(process.stdout.fileno())
            environment = dict(self.environment(os.environ))
            request = {"do": "run", "argv": list(argv), "environment": _inherited(environment)}
            send(ours, request, [reading])
        os.close(reading)
        process.stdin = os.fdopen(writing, "wb", 0)
        return process

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: int | None = None,
        stdout: IO[bytes] | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Run a program as the user to its end; call `meanwhile` often. Raise WorkFailed if it fails."""
        ours, theirs = socket.socketpair()
        null = os.open(os.devnull, os.O_RDONLY)
        try:
            with ours, theirs:
                process = subprocess.Popen(
                    self._words,
                    stdin=theirs.fileno(),
                    stdout=stdout or subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                )
                request = {"do": "run", "argv": list(argv), "environment": _inherited(os.environ)}
                send(ours, request, [null if stdin is None else stdin])
            stderr = None
            while stderr is None:
                with suppress(subprocess.TimeoutExpired):
                    _, stderr = process.communicate(timeout=_TURN)
                meanwhile()
        except FileNotFoundError as error:
            raise self._failure(f"{error.filename} is not installed") from error
        finally:
            os.close(null)
        if process.returncode:
            last = stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise self._failure(f"{argv[0]}: {last or f'exit status {process.returncode}'}")

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill a program of `popen`."""
        with self.signaller() as signaller:
            send(signaller, {"below": process.pid})

    @contextmanager
    def signaller(self) -> Iterator[socket.socket]:
        """Yield the connection to a process of the user that sends signals. Wait for its end."""
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(
            self._words,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        with ours:
            send(ours, {"do": "signal"})
            yield ours
        process.wait()

    def share(self, path: Path, mode: int = 0) -> None:
        """Give the user's group the permissions `mode` (0 to 7) on a file or directory of ours."""
        found = path.stat()
        if found.st_gid != self._entry.pw_gid:
            try:
                os.chown(path, -1, self._entry.pw_gid)
            except PermissionError:
                raise self._failure(f"this user is not in its group, so {path} stays") from None
        path.chmod(found.st_mode & 0o700 | mode << 3)

    def share_pipe(self, descriptor: int) -> None:
        """Let the user open a pipe of ours once more. Others do not reach its name in /proc."""
        os.fchmod(descriptor, 0o666)

    def make_directory(self, path: Path) -> None:
        """Leave that to the supervisor, so that the directory is the user's."""

    @contextmanager
    def admitted(self, project: Path) -> Iterator[None]:
        """Let the user enter a project for as long as the body runs."""
        project.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.share(project, 0o1)
        try:
            yield
        finally:
            project.chmod(0o700)

    def admit(self, directory: Path) -> None:
        """Let the user work in the directory of a push, in a project that is open.

        The user can create files there, but neither replace nor remove those of ours (sticky bit).
        """
        for parent in (directory.parent.parent, directory.parent):
            self.share(parent, 0o1)
        self.share(directory, 0o7)
        directory.chmod(0o1770)
        stages = directory / "stages"
        self.share(stages, 0o5)
        for file in stages.iterdir():
            self.share(file, 0o5)

    def _failure(self, fault: str) -> WorkFailed:
        return WorkFailed(
            f"the stage user {self.name}",
            fault,
            f"sudo -n -l -U $(id -un) {self.command}  # and read docs/rolf-stage-user.md",
        )


def _inherited(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the part of an environment that tells nothing about this process."""
    return {name: environment[name] for name in ("PATH", "LANG", "TZ") if name in environment}
