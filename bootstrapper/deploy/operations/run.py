"""Run a plan to its end, and roll back if it fails where visitors may see it."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.machine.git import GitRepository
from bootstrapper.deploy.plan.plan import Plan, deploy_command
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.deploy.plan.rollback import (
    RollbackProposal,
    live_push,
    plan_rollback,
    release_served,
    rollback_template,
)
from bootstrapper.deploy.push.execution import Result
from bootstrapper.deploy.push.push import Push, PushJournal, PushObserver
from bootstrapper.deploy.push.register import PushRegister
from bootstrapper.deploy.push.session import Session
from bootstrapper.errors import BootstrapperError, WorkFailed
from bootstrapper.program import PROGRAM


@dataclass(frozen=True, kw_only=True)
class PlannedRollback:
    """The push `plan` returns to the push `target`, on `hosts` alone if any are named.

    `live` is the push that it takes back, None if that is unknown. With `fast` the release of then
    is still on the hosts.
    """

    plan: Plan
    target: Record
    live: Record | None
    fast: bool
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a push ended.

    Visitors may see its release on the hosts `live_on`; the single host of a plan without a fleet
    is the empty name. `unrecorded` says why the hosts' pushes.log lacks the end, if it does.
    """

    plan: Plan
    result: Result
    record: Record
    live_on: tuple[str, ...] = ()
    unrecorded: str = ""


class Frontend(Protocol):
    """Asks and informs the person who started an operation: at a terminal, or on Rolf's pages."""

    def waiting(self, text: str) -> AbstractContextManager[None]:
        """Show what the operation waits for."""

    def located(self, git: GitRepository, plan: Plan) -> None:
        """The commit is known, and the hosts are being connected. May raise, to refuse it."""

    def confirm_deploy(self, plan: Plan, live: Record | None, git: GitRepository) -> None:
        """Show what the push changes. Raise InputError if the person declines."""

    def confirm_rollback(self, planned: PlannedRollback, git: GitRepository) -> None:
        """Show what the rollback changes. Raise InputError if the person declines."""

    def observer(self, plan: Plan, journal: PushJournal) -> AbstractContextManager[PushObserver]:
        """Return what watches the push while it runs."""

    def started(self, plan: Plan, *, resumed: bool) -> None:
        """A push has its number and its journal."""

    def ended(self, outcome: Outcome) -> None:
        """A push has ended. If it has not succeeded, one of the following methods is next."""

    def rolling_back(self, planned: PlannedRollback) -> None:
        """A rollback follows the push that failed, as a push of its own."""

    def not_rolled_back(self, outcome: Outcome, error: BootstrapperError | None) -> None:
        """No rollback follows: none is due, or `error` prevents it."""


def start(
    session: Session,
    prepared: PreparedDeployment,
    register: PushRegister,
    plan: Plan,
    frontend: Frontend,
    *,
    undoes: PushJournal | None = None,
) -> Outcome:
    """Give the plan a number and a journal, and run it. `undoes` is the push that failed."""
    plan, journal = register.begin(plan, undoes)
    return run(session, prepared, register, plan, journal, frontend)


def run(
    session: Session,
    prepared: PreparedDeployment,
    register: PushRegister,
    plan: Plan,
    journal: PushJournal,
    frontend: Frontend,
    *,
    done: Iterable[tuple[int, str]] = (),
    outputs: Mapping[str, str] | None = None,
    resumed: bool = False,
) -> Outcome:
    """Run a push whose journal is open; then the automatic rollback, if one is due."""
    frontend.started(plan, resumed=resumed)
    with frontend.observer(plan, journal) as observer:
        push = Push(plan, journal, observer, session)
        result = push.run(done=done, outputs=outputs, resumed=resumed)
        unrecorded = register.end(push.record)
    outcome = Outcome(plan=plan, result=result, record=push.record, unrecorded=unrecorded)
    frontend.ended(outcome)
    if result.state is State.SUCCEEDED:
        return outcome
    outcome = replace(outcome, live_on=_live_on(session, register, result))
    if not _rollback_due(session, outcome):
        frontend.not_rolled_back(outcome, None)
        return outcome
    try:
        planned = _plan_automatic_rollback(session, prepared, register, outcome)
    except BootstrapperError as error:
        frontend.not_rolled_back(outcome, error)
        return outcome
    frontend.rolling_back(planned)
    start(session, prepared, register, planned.plan, frontend, undoes=journal)
    return outcome


def _live_on(session: Session, register: PushRegister, result: Result) -> tuple[str, ...]:
    """Return where the push may have changed what visitors see; the hosts themselves know."""
    if not result.unsure:
        return result.switched
    try:
        now = session.hosts.current()
    except BootstrapperError:  # the connection is lost, so it may be everywhere
        now = {}
    first = next(iter(now), "")
    served = register.served
    as_before = {
        host
        for host in result.unsure
        if (was := served.get(host or first)) is not None and now.get(host or first) == str(was)
    }
    return (*result.switched, *(host for host in result.unsure if host not in as_before))


def _rollback_due(session: Session, outcome: Outcome) -> bool:
    """Return whether a push that failed is taken back.

    A batch that fails is never left half switched; a single host, and a maintenance page, follow
    the deployment's on_failure.
    """
    plan, result = outcome.plan, outcome.result
    return (
        result.state is State.FAILED
        and bool(outcome.live_on or result.hidden)
        and plan.rollback_to is None
        and not session.lost()
        and (plan.on_failure == "rollback" or any(outcome.live_on))
    )


def _plan_automatic_rollback(
    session: Session, prepared: PreparedDeployment, register: PushRegister, outcome: Outcome
) -> PlannedRollback:
    """Plan the return of hosts to what they served; those with a maintenance page lose it.

    First ends what the failed stage still runs on the hosts. Raise BootstrapperError if there is
    no way back.
    """
    plan, hidden = outcome.plan, outcome.result.hidden
    touched = tuple(dict.fromkeys((*outcome.live_on, *hidden)))
    was = {host: release for host, release in register.served.items() if release != plan.id}
    records = [record for record in register.records if record.id != plan.id]
    current = release_served(records, was)
    before = live_push(records, current)
    if before is None:
        raise WorkFailed(
            f"push {plan.id}",
            "no push came before it",
            f"{PROGRAM} log {plan.deployment} {plan.id}",
        )
    planned = plan_return(
        session,
        prepared,
        register,
        RollbackProposal(target=before, live=outcome.record),
        comment=f"push {plan.id} failed after the switch",
        releases={host: was[host] for host in touched if host in was},
        served=current is not None,
    )
    back = planned.plan
    if hidden and not any(stage.shows for stage in back.stages):
        shows = tuple(stage for stage in plan.stages if stage.shows and not stage.skipped)
        planned = replace(planned, plan=replace(back, stages=(*back.stages, *shows)))
    session.hosts.stop()
    return planned


def plan_return(
    session: Session,
    prepared: PreparedDeployment,
    register: PushRegister,
    proposal: RollbackProposal,
    *,
    comment: str,
    keep_settings: bool = False,
    flags: Iterable[str] = (),
    releases: Mapping[str, int] | None = None,
    served: bool = False,
) -> PlannedRollback:
    """Plan the rollback to a push: a switch if its release is still there, else its tag again.

    Today's values of `flags` replace those of then. `releases` narrows the rollback to some hosts
    and names what each returns to; `served` says that the hosts served these until now. Raise
    InputError if a secret of then has no value now, WorkFailed if nothing is left of the push.
    """
    target, live = proposal.target, proposal.live
    base = rollback_template(
        prepared,
        target,
        register.plan(target.id, prepared.secrets),
        keep_settings=keep_settings,
        who=session.holder.who,
    )
    base = replace(base, flags={**base.flags, **{name: prepared.flags[name] for name in flags}})
    if releases is None:
        fast, releases = register.way_back(target, base)
        hosts: tuple[str, ...] = ()
    else:
        fast, hosts = served and base.switching() is not None, tuple(releases)
    if not fast and not target.rollback_url:
        raise WorkFailed(
            f"push {target.id}",
            "its release is gone from the target, and it kept no tag to push again",
            deploy_command(base.deployment, target.commit),
        )
    plan = plan_rollback(
        base,
        target,
        undone=live.id if live else None,
        comment=comment,
        fast=fast,
        releases=releases,
    )
    return PlannedRollback(plan=plan, target=target, live=live, fast=fast, hosts=hosts)
