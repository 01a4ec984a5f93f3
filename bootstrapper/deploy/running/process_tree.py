"""Find and end the processes below a process. It reads Linux's /proc.

Without /proc it knows the process group of a job alone.
"""

import os
import signal
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_PR_GET_CHILD_SUBREAPER = 37
KNOWN = os.path.exists("/proc/self/stat")
_LOOK = 0.005  # seconds between two looks, however often one asks
_GIVE_UP = 5.0  # seconds after KILL: what is still there hangs in the kernel


class Process(NamedTuple):
    """A process; `started` (ticks since boot) distinguishes it from a later one with its id."""

    pid: int
    started: int


@dataclass(frozen=True)
class Status:
    """The fields of /proc/PID/stat."""

    process: Process
    name: str
    parent: int
    group: int
    session: int
    zombie: bool
    stopped: bool


def status(pid: int) -> Status | None:
    """Return the status of a process, None if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            stat = file.read()
    except OSError:
        return None
    # The name stands in parentheses and may hold spaces and parentheses (proc(5)).
    start, _, rest = stat.rpartition(")")
    fields = rest.split()
    return Status(
        Process(pid, int(fields[19])),
        start.partition("(")[2],
        int(fields[1]),
        int(fields[2]),
        int(fields[3]),
        fields[0] in "ZX",
        fields[0] == "T",
    )


def pending(pid: int) -> set[int]:
    """Return the signals that wait for a process, which is stopped or blocks them."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            masks = [
                int(line.split()[1], 16) for line in file if line.startswith(("SigPnd:", "ShdPnd:"))
            ]
    except OSError:  # it is gone
        return set()
    return {
        number
        for number in signal.valid_signals()
        if any(mask >> (number - 1) & 1 for mask in masks)
    }


def command(pid: int) -> str:
    """Return the start of its command line, for a message; it may hold a secret."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read(4096).replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        words = ""
    found = None if words else status(pid)
    return words or (found.name if found else "?")


def children(pid: int) -> list[int]:
    """Read by thread; none missed as long as the list comes out empty (proc(5), `children`)."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += map(int, file.read().split())
    except OSError:  # it is gone, or the kernel has no such file (CONFIG_PROC_CHILDREN)
        if not KNOWN or os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
            return found
        everyone = (status(int(name)) for name in os.listdir("/proc") if name.isdigit())
        return [one.process.pid for one in everyone if one and one.parent == pid]
    return found


def descendants(pid: int, without: Collection[Process] = ()) -> set[Process]:
    """Return all that live below a process, but for some and what is below them.

    A list that is read while one of its processes ends may lack another: it counts when it comes
    out the same twice.
    """
    found = _descendants(pid, without)
    for _ in range(5):  # a process that keeps forking is looked up again later
        before, found = found, _descendants(pid, without) if found else found
        if found == before:
            break
    return found


def _descendants(pid: int, without: Collection[Process]) -> set[Process]:
    found: set[Process] = set()
    left = children(pid)
    while left:
        one = status(left.pop())
        if one and one.process not in found and one.process not in without:
            if not one.zombie:
                found.add(one.process)
            left += children(one.process.pid)
    return found


def alive(process: Process) -> bool:
    """Return whether it still runs: a zombie doesn't."""
    found = status(process.pid)
    return found is not None and found.process == process and not found.zombie


def living_groups(ids: Iterable[int]) -> set[Process]:
    """Return the process groups that have a process, as one process each: all that is known without
    /proc. No other process gets the id of a group that still has one.
    """
    found = set()
    for group in filter(None, ids):  # 0 would be our own
        try:
            os.killpg(group, 0)
        except OSError:  # it is gone; macOS refuses permission if it has only zombies
            continue
        found.add(Process(group, 0))
    return found


def send(process: Process, number: signal.Signals) -> None:
    """Send a signal to this process, never to a later one of its id; resume it if it was stopped.

    Between reading an id and signalling it the process could end and another one get its id. A pidfd,
    opened first, closes that race.
    """
    try:
        descriptor = os.pidfd_open(process.pid)
    except (OSError, AttributeError):  # gone, or a system without
        return
    try:
        if alive(process):
            signal.pidfd_send_signal(descriptor, number)
            signal.pidfd_send_signal(descriptor, signal.SIGCONT)
    except OSError:
        pass  # it is gone, or has become another user's (sudo)
    finally:
        os.close(descriptor)


def holders(descriptor: int, among: Iterable[Process]) -> list[Process]:
    """Return those of the processes that have the pipe behind our descriptor open."""
    ours = os.fstat(descriptor)
    found = []
    for process in sorted(among):
        folder = f"/proc/{process.pid}/fd"
        try:
            files = [os.stat(f"{folder}/{name}") for name in os.listdir(folder)]
        except OSError:  # gone, or closed meanwhile
            continue
        if any(os.path.samestat(file, ours) for file in files):
            found.append(process)
    return found


def adopt_orphans(adopt: bool = True) -> bool:
    """Return whether this process, not init, becomes the parent of orphans below it; returns what was.

    Linux's child subreaper (prctl(2)); elsewhere nothing happens.
    """
    import ctypes

    try:
        prctl = ctypes.CDLL(None).prctl
    except (AttributeError, OSError):
        return False
    before = ctypes.c_int()
    prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    prctl(_PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)
    return bool(before.value)


class Step(NamedTuple):
    """A signal, the seconds until the next stronger one, and whether it goes beyond the groups."""

    signal: signal.Signals
    grace: float
    everyone: bool = True


def ending_steps(grace: float) -> list[Step]:
    """End the remaining processes: by request first, then by force."""
    return [Step(signal.SIGTERM, grace), Step(signal.SIGKILL, 0)]


class Ending:
    """Sends stronger and stronger signals until no process is left.

    Call `poll` repeatedly. `members` returns the living processes; later ones get the signal, too.
    `signals` sends one to a process that may be another user's.
    The first signals go to the process `groups`; without /proc all of them do.
    """

    def __init__(
        self,
        members: Callable[[], Collection[Process]],
        steps: Sequence[Step],
        groups: Iterable[int] = (),
        signals: Callable[[Process, signal.Signals], None] | None = None,
    ) -> None:
        self._members = members
        self._send = signals or (lambda process, number: send(process, number))
        self._steps = list(steps)
        self._groups = frozenset(groups)
        self._until = 0.0
        self._notified: set[Process] = set()
        self._looked = 0.0
        self._done = False
        self.stuck: Collection[Process] = ()

    def poll(self) -> bool:
        """Send what is due; true when nobody is left, or what is left can't be ended (`stuck`)."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return self._done
        self._looked = now
        self._done = self._poll(now)
        return self._done

    def _poll(self, now: float) -> bool:
        members = self._members()
        if not members and (self._until or KNOWN):
            return True
        if not self._until:
            self._start(now)
        elif now >= self._until:
            if len(self._steps) == 1:
                self.stuck = members
                return True
            del self._steps[0]
            self._start(now)
        step = self._steps[0]
        # Oldest first: a script whose command is killed before it would go on to its next command.
        for process in sorted(
            set(members) - self._notified, key=lambda one: (one.started, one.pid)
        ):
            if step.everyone or self._in_group(process):
                self._send(process, step.signal)
                self._notified.add(process)
        return False

    def _start(self, now: float) -> None:
        step = self._steps[0]
        self._until = now + (step.grace if len(self._steps) > 1 else _GIVE_UP)
        self._notified.clear()
        if not KNOWN:
            for group in self._groups:
                try:
                    os.killpg(group, step.signal)
                except OSError:
                    continue  # gone

    def _in_group(self, process: Process) -> bool:
        found = status(process.pid)
        return found is not None and found.group in self._groups

    def finish(self) -> None:
        """Wait until it is done."""
        while not self.poll():
            time.sleep(0.01)
