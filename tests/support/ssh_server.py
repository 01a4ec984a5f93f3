"""Real OpenSSH servers on loopback, each for as long as a test needs it."""

import getpass
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.apache import loopback
from tests.support.processes import ENDS_WITH_US

# Its absolute path: sshd executes itself again for each connection.
SSHD = "/usr/sbin/sshd"
MARK = "TEST_SSH_SERVER"

SERVER = """
ListenAddress {address}:{port}
HostKey "{directory}/host_key"
AuthorizedKeysFile "{directory}/authorized_keys"
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
PidFile none
SetEnv HOME="{directory}/home" {mark}="{name}"
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""

CLIENT = """
Host {host}
    HostName {address}
    Port {port}
    User {user}
    IdentityFile "{directory}/user_key"
    IdentitiesOnly yes
    UserKnownHostsFile "{directory}/known_hosts"
    GlobalKnownHostsFile /dev/null
    # The default of OpenSSH 9 takes a tenth of a second of CPU for each connection.
    KexAlgorithms curve25519-sha256
"""


@dataclass(frozen=True, kw_only=True)
class SshServer:
    """One running sshd: `ssh -F CONFIG HOST` reaches it, as the user that runs the tests.

    `home` is HOME there (sessions start in the account's own directory all the same); `config` is
    what the setting SSH_CONFIG takes, the same for all servers of one `serve`.
    """

    host: str
    address: str
    port: int
    directory: Path
    config: Path
    process: "subprocess.Popen[bytes]"
    mark: str

    @property
    def home(self) -> Path:
        """HOME of its sessions: empty, so that no shell start-up file slows a test down."""
        return self.directory / "home"

    @property
    def log(self) -> str:
        """What sshd says of its connections, to find out why a test fails."""
        return (self.directory / "sshd.log").read_text(errors="replace")

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command there, over a connection of its own."""
        return subprocess.run(
            ["ssh", "-F", self.config, self.host, command],
            text=True,
            capture_output=True,
            check=False,
            timeout=30,
        )

    def connections(self) -> list[int]:
        """The processes of its connections and of the sessions in them, by id."""
        found = set(_descendants(self.process.pid))
        marked = f"{MARK}={self.mark}\0".encode()
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if marked in environ.read_bytes() + b"\0":
                    found.add(int(environ.parent.name))
            except OSError:
                continue
        return sorted(found)

    def sshd_processes(self) -> list[int]:
        """Those of `connections` that are sshd's own."""
        return [pid for pid in self.connections() if _is_sshd(pid)]

    def cut(self) -> None:
        """End every connection, and what runs in it, at once and without a word."""
        for pid in self.connections():
            _kill(pid)

    def change_host_key(self) -> None:
        """From the next connection on it shows another key than the one that clients know."""
        make_key(self.directory / "host_key", again=True)
        self.restart()

    def restart(self) -> None:
        """Have it read its keys and its configuration again."""
        starts = self.log.count("Server listening")
        self.process.send_signal(signal.SIGHUP)  # sshd(8): rereads, restarts with the same id
        wait_until_it_listens(self, logged="Server listening", times=starts + 1)

    def deny(self) -> None:
        """From the next connection on it lets nobody in."""
        (self.directory / "authorized_keys").write_text("")


@contextmanager
def serve(
    directory: Path, *hosts: str, address: str = "", prefix: tuple[str, ...] = ()
) -> Iterator[list[SshServer]]:
    """Run an sshd for each name in `hosts`; ends them, and asserts that none leaves a process.

    `prefix` is a command to start them under, with `address` the one they listen at then.
    """
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "ssh_config"
    config.touch()
    make_key(directory / "user_key")
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)  # where its unprivileged half is confined
    with ExitStack() as stack:
        yield [
            stack.enter_context(_server(directory, host, config, address, prefix))
            for host in hosts or ["production"]
        ]


@contextmanager
def _server(
    shared: Path, host: str, config: Path, address: str, prefix: tuple[str, ...]
) -> Iterator[SshServer]:
    directory = shared / f"sshd {host}"
    (directory / "home").mkdir(parents=True)
    make_key(directory / "host_key")
    for name in ("user_key", "user_key.pub"):
        shutil.copy(shared / name, directory / name)
    shutil.copy(shared / "user_key.pub", directory / "authorized_keys")
    address = address or loopback()
    port = 2222 if prefix else _free_port(address)
    public = (directory / "host_key.pub").read_text()
    (directory / "known_hosts").write_text(f"[{address}]:{port} {public}")
    mark = secrets.token_hex(8)
    described = {"host": host, "address": address, "port": port, "directory": directory}
    (directory / "sshd_config").write_text(SERVER.format(mark=MARK, name=mark, **described))
    with config.open("a") as file:
        file.write(CLIENT.format(user=getpass.getuser(), **described))
    with (directory / "sshd.log").open("wb") as log:
        process = subprocess.Popen(
            [*ENDS_WITH_US, *prefix, SSHD, "-D", "-e", "-f", directory / "sshd_config"],
            stderr=log,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    server = SshServer(
        host=host,
        address=address,
        port=port,
        directory=directory,
        config=config,
        process=process,
        mark=mark,
    )
    try:
        wait_until_it_listens(server, logged="Server listening", times=1)
        yield server
        left = _wait(lambda: not server.connections(), 5) or server.connections()
    finally:
        server.cut()
        process.terminate()
        process.wait(10)
        server.cut()
    assert left is True, f"processes left by sshd {host}: {left}\n{server.log}"


def make_key(path: Path, *, again: bool = False) -> None:
    """Make a key pair without passphrase, unless there is one."""
    if again:
        path.unlink()
    if not path.exists():
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path], check=True
        )


def wait_until_it_listens(server: SshServer, *, logged: str, times: int) -> None:
    """Return when sshd takes connections and SIGHUP; fail with its own words if it ends first.

    sshd logs that it listens a moment before it handles SIGHUP, which would end it until then.
    """

    def is_ready() -> bool:
        return server.log.count(logged) >= times and _handles(signal.SIGHUP, server.process.pid)

    if (
        not _wait(lambda: is_ready() or server.process.poll() is not None, 10)
        or server.process.poll() is not None
    ):
        raise AssertionError(f"sshd did not start: {server.log}")


def _handles(number: signal.Signals, pid: int) -> bool:
    """Whether the process has a handler for the signal: a bit of SigCgt, see proc_pid_status(5)."""
    caught = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(caught and int(caught[1], 16) >> (number - 1) & 1)


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as probe:
        return int(probe.getsockname()[1])


def _descendants(pid: int) -> list[int]:
    try:
        children = [
            int(word)
            for tasks in Path(f"/proc/{pid}/task").iterdir()
            for word in (tasks / "children").read_text().split()
        ]
    except OSError:
        return []
    return [*children, *(pid for child in children for pid in _descendants(child))]


def _is_sshd(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text() == "sshd\n"
    except OSError:
        return False


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
