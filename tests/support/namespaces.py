"""Machines of their own for a test: namespaces of processes, network, host name and mounts.

Each machine has a cable to this one, which a test can cut. Only root can create them. All of it ends
with the machine's first process, which ends with the test.
"""

import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.processes import children

# The first process adopts the processes whose parents died, and reaps them.
INIT = """
import os, signal, subprocess, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
subprocess.run(["hostname", sys.argv[1]])
print("ready", flush=True)
while True:
    signal.pause()
"""
# No machine has this address, so whatever is sent to it is lost, as on a cable that is cut.
NOBODY = "02:00:00:00:00:01"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine; `address` is its own one, `gateway` that of this machine on their cable.

    `processes` wait for the programs that were started there.
    """

    name: str
    init: int
    cable: str
    address: str
    gateway: str
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list, repr=False)

    def enter(self, pdeathsig: str = "KILL") -> list[str]:
        """Return the words that run a command there."""
        return [
            *("setpriv", "--pdeathsig", pdeathsig, "--"),
            *("nsenter", "--target", str(self.init)),
            *("--mount", "--uts", "--net", "--pid", "--wdns=/", "--"),
        ]

    def start(
        self, words: "list[str | Path]", *, cwd: Path, env: Mapping[str, str], log: Path
    ) -> "Program":
        """Start a program there, in a session of its own, and return it."""
        with log.open("ab") as stream:
            process = subprocess.Popen(
                [*self.enter(), "sh", "-c", 'cd "$0" && exec "$@"', cwd, *words],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        self.processes.append(process)
        return Program(self, process)

    def cut(self) -> None:
        """Cut the cable: what either side sends is lost, and neither gets an error."""
        self._neighbours("replace", "lladdr", NOBODY, "nud", "permanent")

    def heal(self) -> None:
        """Undo `cut`."""
        self._neighbours("del")

    def _neighbours(self, verb: str, *words: str) -> None:
        ip("neigh", verb, self.address, *words, "dev", self.cable)
        there = ["nsenter", "--target", str(self.init), "--net", "--"]
        ip("neigh", verb, self.gateway, *words, "dev", "eth0", prefix=there)


@dataclass(frozen=True)
class Program:
    """A program on a machine. Its `process` is the nsenter that waits for it."""

    machine: Machine
    process: "subprocess.Popen[bytes]"

    @property
    def pid(self) -> int:
        """The id that this machine knows the program by; 0 after its end."""
        found = children(self.process.pid)
        return found[0] if found else 0

    @property
    def ended(self) -> bool:
        """Whether the program has ended."""
        return self.process.poll() is not None

    def kill(self) -> None:
        """End the program alone by SIGKILL, not what it started."""
        if pid := self.pid:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self, seconds: float = 30) -> None:
        """End the program by SIGTERM."""
        if pid := self.pid:
            os.kill(pid, signal.SIGTERM)
        self.process.wait(seconds)


def ip(*words: str, prefix: "list[str] | None" = None) -> None:
    """Run ip(8)."""
    run = subprocess.run(
        [*(prefix or []), "ip", *words], check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, f"ip {' '.join(words)}: {run.stderr}"


def can_create() -> bool:
    """Return whether this process can create machines."""
    if os.getuid() or not all(map(shutil.which, ("ip", "unshare", "nsenter"))):
        return False
    words = ["unshare", "--net", "--uts", "--pid", "--fork", "--mount-proc", "true"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


@contextmanager
def machines(*names: str) -> Iterator[list[Machine]]:
    """Run machines until the `with` is left."""
    if not can_create():
        pytest.skip("needs root, unshare and iproute2")
    network = f"10.{secrets.randbelow(200) + 20}"
    running: list[subprocess.Popen[bytes]] = []
    made: list[Machine] = []
    try:
        for number, name in enumerate(names, 1):
            made.append(_machine(name, f"{network}.{number}", running))
        yield made
    finally:
        for process in running:
            process.kill()  # and with it the machine's first process and its programs
            process.communicate()
        for machine in made:
            for process in machine.processes:
                process.wait()


def _machine(name: str, network: str, running: "list[subprocess.Popen[bytes]]") -> Machine:
    process = subprocess.Popen(
        [
            *("unshare", "--net", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child", "--"),
            *(sys.executable, "-c", INIT, name),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        preexec_fn=_end_with_parent,
    )
    running.append(process)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    [init] = children(process.pid)
    machine = Machine(
        name=name,
        init=init,
        cable=f"m{secrets.token_hex(4)}",
        address=f"{network}.2",
        gateway=f"{network}.1",
    )
    ip("link", "add", machine.cable, "type", "veth", "peer", "name", "eth0", "netns", str(init))
    ip("addr", "add", f"{machine.gateway}/24", "dev", machine.cable)
    ip("link", "set", machine.cable, "up")
    inside = ["nsenter", "--target", str(init), "--net", "--"]
    ip("addr", "add", f"{machine.address}/24", "dev", "eth0", prefix=inside)
    ip("link", "set", "eth0", "up", prefix=inside)
    ip("link", "set", "lo", "up", prefix=inside)
    return machine


def _end_with_parent() -> None:
    # unshare ignores SIGTERM while it waits for its child.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
