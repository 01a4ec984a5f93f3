"""Compare what Rolf reports of a run with what the target and the users saw."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reliability import target
from reliability.client import Away, Client
from reliability.load import Load, Seen
from reliability.observer import ACTIVE, History, Observer
from reliability.size import Size
from reliability.target import TargetPush

OURS = re.compile(r"^deployment \d+ push \d+ stage \d+ line \d+ at [0-9.]+$")
PIECE = 4 * 1024 * 1024
QUEUED = 60.0  # seconds that a push may stay queued with a free slot
JUST = 2.0  # seconds in which a stage that has ended on the target is not yet stored as ended


@dataclass
class Verdict:
    """`faults` are sentences; a run without one has kept its promises."""

    states: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    faults: list[str] = field(default_factory=list)
    longest_queued: float = 0.0
    longest_orphaned: float = 0.0  # seconds that a push stayed running after its worker's death
    away: Counter[int] = field(default_factory=Counter)
    lost_with_worker: int = 0

    @property
    def pushes(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True)
class Death:
    """A worker that was killed: when, and its process id on its machine."""

    at: float
    machine: str
    pid: int


def judge(
    client: Client,
    load: Load,
    observer: Observer,
    directory: Path,
    size: Size,
    *,
    deaths: Sequence[Death],
    lease: float,
    cut: Collection[str] = (),
) -> Verdict:
    """Return the verdict of a run that has ended.

    The machines in `cut` could not reach the database for longer than the lease, so their pushes
    may be lost.
    """
    verdict = Verdict(
        states=Counter(history.state for history in observer.histories.values()),
        longest_queued=observer.longest_queued,
        away=load.statuses,
    )
    found = target.pushes(directory)
    faults = verdict.faults
    faults += target.overlaps(found)
    faults += [f"the user got {text} ({count} times)" for text, count in load.refusals.items()]
    reported = {seen.push: seen for seen in load.seen}
    for key, history in sorted(observer.histories.items()):
        name = f"push {key} ({history.number} of deployment {history.deployment})"
        there = found.pop((history.deployment, history.number), None)
        faults += _of_states(name, history, reported.get(key), verdict)
        if there:
            faults += [f"{name}: stage {stage} ran twice" for stage in there.repeated]
        on = {run.machine for run in there.runs} if there else set[str]()
        if cut and history.state == "lost" and on <= set(cut):
            faults += _of_log(name, client, key, history, there, size.silent, verdict)
            continue
        faults += _of_end(name, history, there, size.stages, deaths, verdict)
        faults += _of_log(name, client, key, history, there, size.silent, verdict)
        verdict.longest_orphaned = max(verdict.longest_orphaned, _orphaned(history, there, deaths))
    faults += [f"{key}: the target has a push that Rolf does not know" for key in found]
    if verdict.away[500]:
        faults.append(f"{verdict.away[500]} requests got 500")
    missing = sum(not seen.push or not seen.state for seen in load.seen)
    if missing:
        faults.append(f"{missing} users never saw the end of their pushes")
    if verdict.longest_queued > QUEUED:
        faults.append(f"a push was queued for {verdict.longest_queued:.0f} s with a free slot")
    if verdict.longest_orphaned > lease + 10:
        faults.append(f"a push ran on for {verdict.longest_orphaned:.0f} s without its worker")
    return verdict


def _of_states(name: str, history: History, seen: Seen | None, verdict: Verdict) -> list[str]:
    faults = []
    if history.state in ACTIVE:
        faults.append(f"{name} is still {history.state}")
    if history.returned:
        faults.append(f"{name} was {history.returned}")
    if seen and seen.state and seen.state != history.state:
        faults.append(f"{name} is {history.state}, but Rolf reported {seen.state} to its user")
    return faults


def _of_end(
    name: str,
    history: History,
    there: TargetPush | None,
    stages: int,
    deaths: Sequence[Death],
    verdict: Verdict,
) -> list[str]:
    complete = there is not None and there.complete(stages)
    if history.state == "succeeded":
        return [] if complete else [f"{name} succeeded, but not all of its stages ended"]
    death = _death_of_worker(history, there, deaths)
    if history.state == "lost" and death:
        verdict.lost_with_worker += 1
        if complete and there and death.at > there.last + JUST:
            early = death.at - there.last
            return [f"{name} is lost, but all of its stages ended {early:.1f} s before its worker"]
        return []
    ended = ", though all of its stages ended" * complete
    return [f"{name} is {history.state}{ended}: {history.reason}"]


def _death_of_worker(
    history: History, there: TargetPush | None, deaths: Sequence[Death]
) -> Death | None:
    """Return the death of the worker that carried out a push.

    The target knows the ancestors of each stage. A worker that dies before a stage has written them
    is known from Rolf alone.
    """
    for death in deaths:
        if history.worker == (death.machine, death.pid):
            return death
        for run in there.runs if there else ():
            if run.machine == death.machine and death.pid in run.processes:
                return death
    return None


def _orphaned(history: History, there: TargetPush | None, deaths: Sequence[Death]) -> float:
    death = _death_of_worker(history, there, deaths)
    if not death:
        return 0.0
    ends = [at for at, state in history.states if state not in ACTIVE]
    return max(0.0, ends[0] - death.at) if ends else 0.0


def _of_log(
    name: str,
    client: Client,
    key: int,
    history: History,
    there: TargetPush | None,
    silent: bool,
    verdict: Verdict,
) -> list[str]:
    written = there.lines if there and not silent else []
    stored = _log(client, history.deployment, key)
    if stored is None:
        return [f"{name}: its log cannot be read"]
    ours = [line for line in stored if OURS.match(line)]
    verdict.lines += len(ours)
    # A stage writes each line to the target first, so a push that was stopped may have one more.
    expected = written if history.state == "succeeded" else written[: len(ours)]
    if ours == expected:
        return []
    repeated = sum(count - 1 for count in Counter(ours).values())
    lost = len(set(expected) - set(ours))
    return [
        f"{name} ({history.state}): {lost} of {len(written)} lines are not in the log, "
        f"{repeated} are there twice" + (", the order differs" if not (lost or repeated) else "")
    ]


def _log(client: Client, deployment: int, key: int) -> list[str] | None:
    path = f"/api/deployments/{deployment}/pushes/{key}/log"
    offset, text = 0, ""
    for _ in range(200):
        try:
            answer = client.ask("GET", f"{path}?offset={offset}&limit={PIECE}")
        except Away:
            continue
        if answer.status != 200:
            return None
        piece: Mapping[str, object] = answer.content
        text += str(piece["text"])
        if piece["ended"]:
            return text.splitlines()
        offset = int(str(piece["next"]))
    return None
