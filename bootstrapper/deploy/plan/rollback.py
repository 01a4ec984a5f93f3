"""Choose the push that a rollback returns to, and plan the rollback."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bootstrapper.deploy.definition.setting import SHOWN
from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.errors import InputError
from bootstrapper.program import PROGRAM
from bootstrapper.quoting import quoted


@dataclass(frozen=True, kw_only=True)
class RollbackProposal:
    """A rollback from the live push to `target`; `live` is None if it is unknown."""

    target: Record
    live: Record | None


def propose_rollback(
    records: Sequence[Record], *, current: int | None, wanted: int | None
) -> RollbackProposal:
    """Return the push to roll back to: `wanted`, or the one that was live before the live one.

    A push that a rollback has undone is proposed only if it is `wanted`. `records` are a
    deployment's, newest first; `current` is the push whose release the target serves, where it
    says so. Raise InputError if there is none, or none such.
    """
    live = live_push(records, current)
    if wanted is not None:
        return RollbackProposal(target=_worked(records, wanted), live=live)
    target = _live_before(records, live)
    if target is not None:
        return RollbackProposal(target=target, live=live)
    raise InputError(
        f"push {live.id}" if live else "the history",
        "no push that worked came before it",
        f"{PROGRAM} deploy{_deployment(records)}  # a rollback needs two pushes that worked",
    )


def live_push(records: Sequence[Record], current: int | None) -> Record | None:
    """Return the push whose code is live: a rollback stands for the push that it returned to."""
    by_id = {record.id: record for record in records}
    record = by_id.get(current) if current is not None else next(filter(_switched, records), None)
    return _returned_to(record, by_id) if record else None


def release_served(records: Sequence[Record], served: Mapping[str, int]) -> int | None:
    """Return the release that hosts serve, of the push that went live last where they differ.

    They differ where a push left some of them out (max_failures): such a host still serves what
    it did before. `records` are a deployment's, newest first, `served` the releases by host, of
    some or all hosts. Return None if they serve none.
    """
    by_id = {record.id: record for record in records}
    for record in filter(_switched, records if served else ()):
        returned_to = _returned_to(record, by_id) or record
        for release in (release_of(record), release_of(returned_to)):
            if release in served.values():
                return release
        if record.state is State.SUCCEEDED and served == releases_then(
            record, records, list(served)
        ):
            return release_of(record)
    return next(iter(served.values()), None)


def _live_before(records: Sequence[Record], live: Record | None) -> Record | None:
    """Return the push that was live before `live` went live, and worked; None if there is none.

    The history is replayed from its oldest push on. `lineage` holds the pushes that a further
    rollback can reach, the live one last: a deployment adds one, and a rollback to a push in it
    removes all that came after that push. So what was rolled back from is never reached again,
    unless a rollback has named it.
    """
    by_id = {record.id: record for record in records}
    lineage: list[Record] = []
    found: list[Record] = []
    for record in filter(_switched, reversed(records)):
        went_live = _returned_to(record, by_id)
        if went_live is None:
            continue  # the history no longer has the push that it returned to
        if went_live in lineage:
            del lineage[lineage.index(went_live) + 1 :]
        else:
            lineage.append(went_live)
        if live is None or went_live is live:
            found = lineage.copy()
    before = found[:-1] if live else found
    if live and not found:  # the target serves what this history never saw going live
        before = [record for record in lineage if record.id < live.id]
    return next((record for record in reversed(before) if record.state is State.SUCCEEDED), None)


def _returned_to(record: Record, by_id: Mapping[int, Record]) -> Record | None:
    """Return the push whose code a push has made live; None if the history lacks it."""
    found: Record | None = record
    while found and found.rollback_to is not None:
        found = by_id.get(found.rollback_to)
    return found


def settings_changed(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """Return lines `NAME: old -> new`, for every setting that isn't the same in both."""
    names = sorted({*old, *new})
    return [
        f"{name}: {_shown(old.get(name))} -> {_shown(new.get(name))}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def _shown(value: object) -> str:
    return "none" if value is None else repr(value)


def _switched(record: Record) -> bool:
    """Return whether the push has put its release in front of visitors, well or badly.

    Where no stage is marked as the one that does, whatever succeeds has.
    """
    switching = [stage for stage in record.stages if stage.switches]
    if switching:
        return any(stage.started is not None for stage in switching)
    return record.state is State.SUCCEEDED


def _deployment(records: Sequence[Record]) -> str:
    """Return a space and the deployment's name; an empty text if it has no push."""
    return f" {quoted(records[0].deployment)}" if records else ""


def _worked(records: Sequence[Record], wanted: int) -> Record:
    record = next((record for record in records if record.id == wanted), None)
    if record is None:
        raise InputError(
            f"push {wanted}",
            "there is no such push of this deployment",
            f"{PROGRAM} pushes{_deployment(records)}",
        )
    if record.rollback_to is not None:
        return _worked(records, record.rollback_to)
    if record.state is not State.SUCCEEDED:
        raise InputError(
            f"push {wanted}",
            f"its state is {record.state}: it never worked",
            f"{PROGRAM} pushes {quoted(record.deployment)}",
        )
    return record


def plan_rollback(
    template: Plan,
    target: Record,
    *,
    undone: int | None,
    comment: str,
    fast: bool,
    releases: Mapping[str, int] | None = None,
) -> Plan:
    """Return the push that returns to `target` and undoes push `undone`; it has no number yet.

    `template` has the stages and settings that it is to have. Where the old release still stands
    on the hosts it is `fast`: it switches to that release and makes no new one. `releases` narrows it to
    some hosts, and says to which release each of them returns.
    """
    stages = template.stages
    if fast:
        first = template.switching() or 0
        stages = tuple(replace(stage, skipped="") for stage in stages[first:])
    return replace(
        template,
        id=0,
        stages=stages,
        comment=comment,
        ref=target.ref,
        commit=target.commit,
        release=release_of(target) if fast else 0,
        releases=releases or {},
        rollback_of=undone,
        rollback_to=target.id,
        rollback_url=target.rollback_url,
        hosts=tuple(releases) if releases else template.hosts,
        batch=0 if fast else template.batch,
        max_failures=0,
        on_failure="halt",
    )


def releases_then(
    target: Record, records: Sequence[Record], hosts: Sequence[str]
) -> Mapping[str, int]:
    """Return the release of each host while `target` was live; empty where it was the same on all.

    A host that a push left out (max_failures) keeps the release that it had. `records` are a
    deployment's, newest first.
    """
    by_id = {record.id: record for record in records}
    found = {
        host: _release_on(host, target, records, by_id) or release_of(target) for host in hosts
    }
    return found if set(found.values()) - {release_of(target)} else {}


def _release_on(
    host: str, live: Record, records: Sequence[Record], by_id: Mapping[int, Record]
) -> int | None:
    """Return the release of a host while `live` was live; None if no push has reached it."""
    for record in records:
        if record.id <= live.id and _switched(record) and _reached(record, host, by_id):
            back = by_id.get(record.rollback_to) if record.rollback_to is not None else None
            if back and back.id < record.id and release_of(record) == release_of(back):
                return _release_on(host, back, records, by_id)  # as it was on each host then
            return release_of(record)
    return None


def _reached(record: Record, host: str, by_id: Mapping[int, Record]) -> bool:
    """Return whether a push that switched did so on that host.

    A rollback on a single host names none. If it undid a push to several, it is the one that
    followed by itself, on the host where that push had switched.
    """
    stages = [stage for stage in record.stages if stage.switches and stage.hosts]
    undone = by_id.get(record.rollback_of) if record.rollback_of is not None else None
    if not stages and undone and undone.id < record.id:
        return _reached(undone, host, by_id)
    return all(
        host in stage.hosts and stage.hosts[host].state is State.SUCCEEDED for stage in stages
    )


def release_of(target: Record) -> int:
    """Return the release that a push made live: its own, or the one that it switched back to."""
    return target.id if target.release is None else target.release


def rollback_template(
    prepared: PreparedDeployment,
    target: Record,
    kept: Plan | None,
    *,
    keep_settings: bool,
    who: str = "",
) -> Plan:
    """Return the plan that a rollback to `target` starts from: stages and settings of then.

    They are in `kept`. If the push was made elsewhere, the stages are today's and the settings come
    from the record in the host's log. With `keep_settings` all settings are today's. The hosts and the
    ssh configuration are always today's, because the session holds the locks there.
    """
    today = prepared.plan(number=0, comment="", ref=target.ref, commit=target.commit, who=who)
    plan = kept or replace(
        today, settings={name: str(value) for name, value in target.settings.items()}
    )
    if keep_settings:
        return replace(today, stages=plan.stages)
    there = {name: value for name, value in today.settings.items() if name in SHOWN}
    elsewhere = {name: value for name, value in plan.settings.items() if name not in SHOWN}
    return replace(
        today,
        stages=plan.stages,
        settings={**elsewhere, **there},
        flags=plan.flags,
        secrets=plan.secrets,
        secret_names=plan.secret_names,
    )
