"""The processes that a test starts or that work in its directory."""

import os
import signal
import subprocess
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

# A command that runs another, which gets a SIGTERM when this process dies: no server outlives a
# test run, however that ends.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM", "--")


def run_as(user: str, pdeathsig: str = "TERM") -> tuple[str, ...]:
    """Return the same for a program that runs as another user, and gets another signal.

    An empty user is the one that runs the tests. The kernel clears the signal when a process
    changes its user, so one program has to do both.
    """
    other = (f"--reuid={user}", f"--regid={user}", "--init-groups") if user else ()
    return ("setpriv", *other, "--pdeathsig", pdeathsig, "--")


def children(pid: int) -> list[int]:
    """Return the children of a process; none if it has ended."""
    try:
        return [
            int(word)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for word in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def processes_of(session: int) -> list[str]:
    """The living processes of a session, as ps shows them; the first word is the id."""
    ps = subprocess.run(
        ["ps", "-o", "pid=,stat=,args=", "-s", str(session)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in ps.stdout.splitlines() if not line.split()[1].startswith("Z")]


def kill_session(session: int, *, but: int = 0) -> None:
    """Kill the processes of a session, except `but`; some may end by themselves meanwhile."""
    for line in processes_of(session):
        pid = int(line.split()[0])
        if pid != but:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def wait_until_gone(session: int, seconds: float = 20) -> None:
    """Wait for the last process of a session to end."""
    end = time.monotonic() + seconds
    while processes_of(session) and time.monotonic() < end:
        time.sleep(0.1)
    assert processes_of(session) == []


def at_work(directory: Path, without: Collection[int] = ()) -> list[str]:
    """Their ids and command lines: those whose words, environment or place name the directory."""
    name = os.fsencode(directory)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) in (os.getpid(), *without):
            continue
        try:
            words = (process / "cmdline").read_bytes()
            place = os.fsencode(os.readlink(process / "cwd"))
            if (
                name in words
                or place.startswith(name)
                or (name in (process / "environ").read_bytes() and b"sshd" not in words)
            ):
                found.append(f"{process.name} {words.replace(bytes(1), b' ').decode()}")
        except OSError:  # it has ended, or is about to
            continue
    return found


def left(directory: Path, without: Collection[int] = (), seconds: float = 10) -> list[str]:
    """Those that are there for so long."""
    end = time.monotonic() + seconds
    while (found := at_work(directory, without)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def bytes_read() -> int:
    """How many bytes this process has read so far, from the page cache as well (proc(5), io)."""
    counters = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counters["rchar"])
