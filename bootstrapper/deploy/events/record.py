"""The record of a push, as `pushes --json` prints it: folded from its snapshot and events."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from bootstrapper.deploy.events.event import (
    Event,
    PushEnded,
    PushStarted,
    StageEnded,
    StageEvent,
    StageStarted,
    State,
    VariableSet,
)
from bootstrapper.deploy.events.times import iso_time

DIED = "its runner died"
# A stage on several hosts has the first of these states that one of its hosts has.
GRAVEST_FIRST = (
    State.RUNNING,
    State.FAILED,
    State.LOST,
    State.CANCELLED,
    State.SUCCEEDED,
    State.SKIPPED,
)


# The keys of Record.to_json and StageRecord.to_json; docs/reference.md prints these tables.
PUSH_KEYS = {
    "id": "the number of the push",
    "deployment": "the name of the deployment",
    "state": "one of the states of a push",
    "comment": "the comment that the user gave, or an empty text",
    "user": "the login of the user who pushed",
    "machine": "the name of the machine that the user pushed from",
    "ref": "the branch, tag or commit that the user asked for",
    "commit": "the commit that was pushed; empty if it is unknown",
    "started": "when the first stage started, or null",
    "ended": "when the push ended, or null",
    "reason": "in words, why the push did not succeed",
    "release": "the number of the release that the push made live",
    "rollback_of": "in a rollback, the push that it undid; otherwise null",
    "rollback_to": "in a rollback, the push that it returned to; otherwise null",
    "rollback_url": "the tag that a rollback to this push returns to",
    "settings": "an object: the settings without the secrets",
    "outputs": "an object: the variables that stages wrote into `ROLF_OUTPUT`",
    "stages": "a list of stages, in order",
}
STAGE_KEYS = {
    "name": "the name of the stage in deployments.toml",
    "state": "one of the states of a stage",
    "started": "when the stage started, or null",
    "ended": "when the stage ended, or null",
    "seconds": "how long the stage took",
    "exit": "the exit status; negative for a signal, null if there is none",
    "reason": "in words, why the stage did not succeed",
    "switches": "true for a stage that makes the release live; otherwise absent",
    "hosts": "an object: for each host the same keys without `name`, `switches` and `hosts`; "
    "absent from a stage that ran once",
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a stage, on one host; times in seconds since 1970."""

    state: State = State.WAITING
    started: float | None = None
    ended: float | None = None
    exit: int | None = None
    seconds: float = 0.0
    reason: str = ""

    def lost(self) -> Self:
        """Return the same for a push that no process runs any more."""
        if self.state is not State.RUNNING:
            return self
        return replace(self, state=State.LOST, reason=DIED)

    def to_json(self) -> dict[str, Any]:
        """Return it as `pushes --json`, result.json and pushes.log have it."""
        return {
            "state": str(self.state),
            "started": iso_time(self.started),
            "ended": iso_time(self.ended),
            "exit": self.exit,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
        }


@dataclass(frozen=True, kw_only=True)
class StageRecord(Run):
    """A stage of a push. If it ran on several hosts, `hosts` has each run and the rest sums them up."""

    name: str
    switches: bool = False  # once it has run, the new release is live
    hosts: Mapping[str, Run] = field(default_factory=dict)

    def after(self, event: StageEvent) -> "StageRecord":
        """Return the stage once `event` has happened to it."""
        match event:
            case StageStarted():
                run = Run(state=State.RUNNING, started=event.at)
            case StageEnded():
                before = self.hosts.get(event.host, Run()) if event.host else self
                run = Run(
                    state=event.state,
                    started=before.started,
                    ended=event.at,
                    exit=event.exit,
                    seconds=event.seconds,
                    reason=event.reason,
                )
            case _:
                return self
        if event.host:
            hosts = {**self.hosts, event.host: run}
            run = _summed_up(hosts)
        else:
            hosts = dict(self.hosts)
        return StageRecord(name=self.name, switches=self.switches, hosts=hosts, **_fields(run))

    def lost(self) -> Self:
        """Return the same for a push that no process runs any more."""
        return replace(super().lost(), hosts={host: run.lost() for host, run in self.hosts.items()})

    def to_json(self) -> dict[str, Any]:
        """Return it as `pushes --json`, result.json and pushes.log have it."""
        hosts = {host: run.to_json() for host, run in self.hosts.items()}
        return {
            "name": self.name,
            **super().to_json(),
            **({"switches": True} if self.switches else {}),
            **({"hosts": hosts} if hosts else {}),
        }


@dataclass(frozen=True, kw_only=True)
class Record:
    """A push. It holds no secret: `settings` are the plain ones.

    `rollback_of` is the push that a rollback undid, `rollback_to` the one that it returned to;
    `rollback_url` is the tag that a rollback to this push returns to, `release` the id of the
    release that it made live, `outputs` what its stages wrote into ROLF_OUTPUT.
    """

    id: int
    state: State = State.QUEUED
    comment: str = ""
    user: str = ""
    ref: str = ""
    commit: str = ""
    started: float | None = None
    ended: float | None = None
    rollback_of: int | None = None
    stages: tuple[StageRecord, ...] = ()
    deployment: str = ""
    machine: str = ""
    rollback_url: str = ""
    rollback_to: int | None = None
    release: int | None = None
    settings: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    def after(self, event: Event) -> "Record":
        """Return the push once `event` has happened."""
        match event:
            case PushStarted():
                # A stage that ran when the last runner died does not run until it starts again.
                return replace(
                    self,
                    state=State.RUNNING,
                    ended=None,
                    reason="",
                    started=event.at if self.started is None else self.started,
                    stages=tuple(stage.lost() for stage in self.stages),
                )
            case PushEnded():
                return replace(self, state=event.state, ended=event.at, reason=event.reason)
            case VariableSet(name="ROLLBACK_URL"):
                return replace(self, rollback_url=event.value)
            case VariableSet():
                commit = event.value if event.name == "PUSH_COMMIT" else self.commit
                return replace(
                    self, commit=commit, outputs={**self.outputs, event.name: event.value}
                )
            case StageEvent(stage=index) if 0 <= index < len(self.stages):
                stage = self.stages[index].after(event)
                return replace(
                    self, stages=(*self.stages[:index], stage, *self.stages[index + 1 :])
                )
            case _:
                return self

    def lost(self) -> "Record":
        """Return the same for a push that no process runs any more.

        If all of its stages were done, it has succeeded: only its end was not recorded. On a fleet
        that is unknown, because hosts that come later are not in the record.
        """
        if self.state not in (State.RUNNING, State.QUEUED):
            return self
        if self.stages and all(
            stage.state in (State.SUCCEEDED, State.SKIPPED) and not stage.hosts
            for stage in self.stages
        ):
            ended = max((stage.ended or 0.0 for stage in self.stages), default=0.0)
            return replace(self, state=State.SUCCEEDED, ended=ended or self.started)
        return replace(
            self, state=State.LOST, reason=DIED, stages=tuple(stage.lost() for stage in self.stages)
        )

    @property
    def stage(self) -> StageRecord | None:
        """The stage that decides how the push stands: the one running, or the gravest fault."""
        for state in GRAVEST_FIRST[:4]:
            for stage in self.stages:
                if stage.state is state:
                    return stage
        return None

    def to_json(self) -> dict[str, Any]:
        """Return it as `pushes --json`, result.json and pushes.log have it."""
        return {
            "id": self.id,
            "state": str(self.state),
            "comment": self.comment,
            "user": self.user,
            "ref": self.ref,
            "commit": self.commit,
            "started": iso_time(self.started),
            "ended": iso_time(self.ended),
            "rollback_of": self.rollback_of,
            "stages": [stage.to_json() for stage in self.stages],
            "deployment": self.deployment,
            "machine": self.machine,
            "rollback_url": self.rollback_url,
            "rollback_to": self.rollback_to,
            "release": self.release,
            "settings": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in self.settings.items()
            },
            "outputs": dict(self.outputs),
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Record":
        """Return the record of what `to_json` made, by this version or a later one; else ValueError.

        A snapshot has the same keys, as far as they are known before the push, and is one, too.
        """
        try:
            known = {key: data[key] for key in _RECORD_KEYS if data.get(key) is not None}
            known |= {"id": int(data["id"]), **_run_values(data, _RECORD_KEYS)}
            known["stages"] = tuple(_stage(stage) for stage in data.get("stages", ()))
            known["settings"] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in (data.get("settings") or {}).items()
            }
            return cls(**known)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not the record of a push: {error!r}") from error


def fold(snapshot: Mapping[str, Any], events: Iterable[Event]) -> Record:
    """Return the record of a push after `events`, which are a part if its runner died.

    `snapshot` has the keys of `Record.to_json` that are known before the push; of a stage it needs the
    name only. Raise ValueError if it is no snapshot.
    """
    record = Record.from_json(snapshot)
    for event in events:
        record = record.after(event)
    return record


_RECORD_KEYS = frozenset(Record.__dataclass_fields__)
_RUN_KEYS = frozenset(Run.__dataclass_fields__)


def _summed_up(hosts: Mapping[str, Run]) -> Run:
    """Return the runs on several hosts as one, which lasts as long as the slowest."""
    runs = hosts.values()
    state = next(state for state in GRAVEST_FIRST if any(run.state is state for run in runs))
    gravest = next(run for run in runs if run.state is state)
    started = [run.started for run in runs if run.started is not None]
    ended = [run.ended for run in runs if run.ended is not None]
    return Run(
        state=state,
        started=min(started, default=None),
        exit=gravest.exit,
        ended=None if state is State.RUNNING else max(ended, default=None),
        seconds=max(run.seconds for run in runs),
        reason=gravest.reason,
    )


def _fields(run: Run) -> dict[str, Any]:
    return asdict(run)


def _stage(data: Mapping[str, Any]) -> StageRecord:
    hosts = data.get("hosts")  # of a snapshot, a list of those where it will run
    return StageRecord(
        name=str(data["name"]),
        switches=bool(data.get("switches")),
        **_run_values(data, _RUN_KEYS),
        hosts={host: Run(**_run_values(run, _RUN_KEYS)) for host, run in hosts.items()}
        if isinstance(hosts, dict)
        else {},
    )


def _run_values(data: Mapping[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    """Return the state and times as Python values, and the other keys of a run that exist."""
    values = {key: data[key] for key in _RUN_KEYS & keys if data.get(key) is not None}
    for key in ("started", "ended"):
        if key in values:
            values[key] = round(datetime.fromisoformat(values[key]).timestamp(), 3)
    if "state" in values:
        values["state"] = State(values["state"])
    return values
