"""The earlier pushes of a deployment, and the number and journal of a new one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record, fold
from bootstrapper.deploy.machine.push_lock import current_holder
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.plan.rollback import release_of, release_served, releases_then
from bootstrapper.deploy.push.push import PushJournal
from bootstrapper.deploy.push.session import Session
from bootstrapper.errors import BootstrapperError


class PushStore(Protocol):
    """Stores pushes on this side: files of the project, or Rolf's database.

    `running` is a function that returns the number of a deployment's running push: None if no push
    runs, 0 while its number is unknown.
    """

    def sweep(self, running: Callable[[str], int | None]) -> None:
        """Remove checkouts that are not needed any more."""

    def pushes(self, running: Callable[[str], int | None], deployment: str) -> Iterable[Record]:
        """Return a deployment's, newest first."""

    def last_id(self) -> int:
        """Return the highest number that a push was ever given here; 0 if there was none."""

    def create(self, plan: Plan, undoes: PushJournal | None) -> PushJournal:
        """Begin the journal of a push. Raise FileExistsError if its number is taken.

        `undoes` is the journal of the push that failed, if this one is its automatic rollback.
        """

    def reopen(self, plan: Plan) -> PushJournal:
        """Open the journal of a push that is resumed."""

    def directory(self, number: int) -> Path:
        """Return the directory of a push on this machine; it holds `checkout` and `stages`."""

    def plan(self, number: int, secrets: Mapping[str, str]) -> Plan | None:
        """Return the plan of a push, with today's `secrets`; None if the store lacks it."""


class PushRegister:
    """Reads and writes the pushes of a deployment, in the store and in the hosts' pushes.log.

    It waits for the hosts. Raises Locked, or WorkFailed if they can't be reached.
    """

    def __init__(self, session: Session, store: PushStore) -> None:
        self._session = session
        self._store = store
        self._states = session.hosts.states
        store.sweep(self._running)

    @property
    def records(self) -> list[Record]:
        """The deployment's pushes, newest first: from here, and what the targets know of others.

        A push to another place, from before the settings changed, is none of this target's.
        """
        name, place = self._session.deployment.name, _place(self._session.deployment.environment)
        local = (
            record
            for record in self._store.pushes(self._running, name)
            if _place(record.settings) == place
        )
        # This session holds the locks, so a push that the hosts call running is lost.
        return merge_records(local, self._remembered(), held_by=None)

    @property
    def served(self) -> Mapping[str, int]:
        """The push whose release was live when we came, by host; without hosts that had none."""
        return {
            host: int(state.current)
            for host, state in self._states.items()
            if state.current.isdecimal()
        }

    def current(self) -> int | None:
        """Return the push whose release was live when we came: the latest, where hosts differ."""
        return release_served(self.records, self.served)

    def way_back(self, target: Record, base: Plan) -> tuple[bool, Mapping[str, int]]:
        """Return whether all hosts still have what they served while `target` was live.

        If so, switching brings it back; the mapping has their releases, where these differ.
        """
        releases = releases_then(target, self.records, base.hosts)
        fast = (
            base.switching() is not None
            and bool(self._states)
            and all(
                str(releases.get(host, release_of(target))) in state.releases
                for host, state in self._states.items()
            )
        )
        return fast, releases if fast else {}

    def plan(self, number: int, secrets: Mapping[str, str]) -> Plan | None:
        """Return the plan of an earlier push, with today's `secrets`; None if the store lacks it."""
        return self._store.plan(number, secrets)

    def begin(self, plan: Plan, undoes: PushJournal | None = None) -> tuple[Plan, PushJournal]:
        """Give the push the next number and begin its journal, here and on the hosts.

        `plan.id` is the highest number of a tag in the repository, or 0. Rollbacks return to tags, so their
        numbers are unique even if a clone or a host was replaced, or another application shares the
        repository.
        """
        number = max(self._next_number(), plan.id + 1)
        while True:
            release = number if plan.release == plan.id else plan.release
            plan = replace(plan, id=number, release=release)
            try:
                journal = self._store.create(plan, undoes)
            except FileExistsError:  # another deployment of this project has just begun a push
                number += 1
            else:
                self.continue_push(plan)
                return plan, journal

    def continue_push(self, plan: Plan) -> None:
        """Record on this machine and the hosts that this push runs."""
        record = replace(
            fold(plan.snapshot(), ()), state=State.RUNNING, started=self._session.clock.now()
        )
        self._session.hold(plan.id, record.to_json())

    def end(self, record: Record) -> str:
        """Record on the hosts how the push ended; return why that failed, in words, or nothing."""
        try:
            self._session.hosts.append(record.to_json())
        except BootstrapperError as error:
            return str(error)
        return ""

    def _remembered(self) -> Iterator[dict[str, object]]:
        for state in self._states.values():
            yield from state.records

    def _next_number(self) -> int:
        numbers = [self._store.last_id()]
        for state in self._states.values():
            numbers += [int(name) for name in state.releases if name.isdecimal()]
        numbers += [
            number for record in self._remembered() if isinstance(number := record.get("id"), int)
        ]
        return 1 + max(numbers)

    def _running(self, deployment: str) -> int | None:
        if deployment == self._session.deployment.name:
            return int(self._session.holder.push) if self._session.holder.push else None
        other = current_holder(self._session.project, deployment)
        return int(other.push or 0) if other else None


def _place(settings: Mapping[str, object]) -> list[object]:
    return [settings.get(name) for name in ("REMOTE_HOST", "REMOTE_HOSTS", "REMOTE_DIRECTORY")]


def merge_records(
    local: Iterable[Record], target: Iterable[Mapping[str, Any]], *, held_by: int | None
) -> list[Record]:
    """Return every push once, newest first.

    `target` are the lines of its pushes.log, oldest first, `held_by` is the push that holds its
    lock: None if nobody does, 0 if it doesn't say. Of a push that both know the local record
    counts; where two machines gave one number to pushes of theirs, both are shown.
    """
    by_key = {_key(record): record for record in _remembered(target, held_by)}
    by_key |= {_key(record): record for record in local}
    return sorted(
        by_key.values(), reverse=True, key=lambda record: (record.id, record.started or 0.0)
    )


def _remembered(target: Iterable[Mapping[str, Any]], held_by: int | None) -> Iterator[Record]:
    """Yield the last record of each push in the host's log; a push that does not run is lost."""
    last: dict[tuple[int, str, str], Record] = {}
    for line in target:
        try:
            record = Record.from_json(line)
        except ValueError:  # a later version's, or damaged
            continue
        last[_key(record)] = record
    newest = max((record.id for record in last.values()), default=0)
    for record in last.values():
        runs = held_by == record.id or (held_by == 0 and record.id == newest)
        yield record if runs else record.lost()


def _key(record: Record) -> tuple[int, str, str]:
    return record.id, record.deployment, record.machine
