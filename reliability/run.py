"""One run: an installation, users who push, what happens to it, and the verdict."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from reliability.faults import Faults
from reliability.installation import DATABASE, installation
from reliability.load import Load
from reliability.observer import ACTIVE, Observer
from reliability.size import Size
from reliability.verdict import Verdict, judge

HALFWAY = 25.0  # seconds: users begin to push after about 20
SETTLE = 200.0  # seconds until no push is active any more, after the users have gone


@dataclass
class Outcome:
    """The verdict, the seconds that the pushes took, and how often each fault happened."""

    verdict: Verdict
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Describe it for a table."""
        one = self.verdict
        states = ", ".join(f"{number} {state}" for state, number in one.states.most_common())
        words = [f"{states}; {one.lines} lines; {self.seconds:.0f} s"]
        words += [f"{number} x {name}" for name, number in self.counts.items()]
        words.append(f"longest wait with a free slot {one.longest_queued:.0f} s")
        if one.longest_orphaned:
            words.append(f"at most {one.longest_orphaned:.0f} s running without the worker")
        if one.away:
            kinds = {0: "no answer"}
            words.append(
                "requests to repeat: "
                + ", ".join(f"{number} x {kinds.get(k, k)}" for k, number in one.away.items())
            )
        return "; ".join(words)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run does: `pushes` in all, `at_once` of them at any time."""

    size: Size
    pushes: int
    at_once: int
    queue: str = "postgresql"
    clocks: Sequence[int] = ()
    web_clock: int = 0
    clock: int | datetime = 0  # a moment: the clocks reach it HALFWAY seconds after the start
    variables: Mapping[str, str] = field(default_factory=dict)
    act: Callable[[Faults], object] = Faults.wait  # what happens meanwhile
    loses: bool = False  # pushes of machines that were cut off may be lost


def carry_out(plan: Plan, project: Path, directory: Path) -> Outcome:
    """Carry out a plan with a vendored and built Rolf, in an empty directory."""
    with installation(
        project,
        directory,
        plan.size,
        queue=plan.queue,
        clocks=plan.clocks,
        web_clock=plan.web_clock,
        clock=_seconds(plan.clock),
        variables=plan.variables,
    ) as one:
        load = Load(one.client(), one.deployments, plan.pushes, plan.at_once)
        observer = Observer(one.postgresql, DATABASE, one.free_slots)
        begun = time.monotonic()
        faults = Faults(one, over=lambda: load.done >= plan.pushes)
        with observer.watching():
            with load.running():
                plan.act(faults)
            seconds = time.monotonic() - begun
            _wait(lambda: all(h.state not in ACTIVE for h in observer.histories.values()), SETTLE)
        one.clients_wait()
        verdict = judge(
            one.client(),
            load,
            observer,
            one.target,
            plan.size,
            deaths=faults.deaths,
            lease=one.lease,
            cut=faults.cut if plan.loses else (),
        )
    return Outcome(verdict, seconds, faults.counts)


def _seconds(clock: int | datetime) -> int:
    """Return how many seconds a clock is ahead."""
    if isinstance(clock, datetime):
        return round(clock.timestamp() - time.time() - HALFWAY)
    return clock


def _wait(done: Callable[[], bool], seconds: float = float("inf")) -> None:
    end, pause = time.monotonic() + seconds, threading.Event()
    while not done() and time.monotonic() < end:
        pause.wait(0.2)
