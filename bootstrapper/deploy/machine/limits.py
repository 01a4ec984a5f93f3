"""Limits of memory and processes for the stages of a push."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass

_MB = 1_000_000
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)  # a shell reports its command's end so


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a stage may use; 0 is no limit. `memory` is in MB.

    With `scope`, systemd limits a stage and all that it starts, as one. Otherwise the kernel limits
    each process (setrlimit(2)): its address space, and how many processes its user has.
    """

    memory: int = 0
    processes: int = 0
    scope: bool = False

    def command(self, argv: Sequence[str], *, uid: int) -> tuple[str, ...]:
        """Return the words that run `argv` within the limits, as the user `uid`."""
        if not (self.memory or self.processes):
            return tuple(argv)
        if self.scope:
            return (
                # The user's service manager, which runs if the user lingers (loginctl(1)).
                *("env", f"XDG_RUNTIME_DIR=/run/user/{uid}"),
                *("systemd-run", "--user", "--scope", "--quiet", "--collect"),
                *((f"--property=MemoryMax={self.memory * _MB}",) if self.memory else ()),
                *(("--property=MemorySwapMax=0",) if self.memory else ()),
                *((f"--property=TasksMax={self.processes}",) if self.processes else ()),
                *("--", *argv),
            )
        return (
            "prlimit",
            *((f"--as={self.memory * _MB}",) if self.memory else ()),
            *((f"--nproc={self.processes}",) if self.processes else ()),
            *("--", *argv),
        )

    def hint(self, status: int | None) -> str:
        """Return what the limits have to do with that end of a stage, in words; "" for nothing."""
        if not status or not (self.memory or self.processes):
            return ""
        if self.scope:
            if self.memory and status in _KILLED:
                return f"probably by its limit of {self.memory:,} MB of memory"
            return ""
        limits = [f"{self.memory:,} MB of memory a process"] if self.memory else []
        limits += [f"{self.processes:,} processes of its user"] if self.processes else []
        return f"its limits: {', '.join(limits)}"
