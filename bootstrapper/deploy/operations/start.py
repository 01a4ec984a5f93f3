"""Deploy, roll back and resume: what a person can start, for the command line and for Rolf."""

from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.machine.git import GitRepository, Located
from bootstrapper.deploy.operations.run import Frontend, Outcome, plan_return, run
from bootstrapper.deploy.operations.run import start as start_push
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.deploy.plan.rollback import RollbackProposal, live_push, propose_rollback
from bootstrapper.deploy.push.register import PushRegister, PushStore
from bootstrapper.deploy.push.session import Session
from bootstrapper.deploy.remote.ssh import host_names
from bootstrapper.errors import InputError
from bootstrapper.git_ref import check_ref
from bootstrapper.program import PROGRAM

_COMPLETED = (State.SUCCEEDED, State.SKIPPED)


def deploy(
    session: Session,
    prepared: PreparedDeployment,
    store: PushStore,
    frontend: Frontend,
    *,
    ref: str = "",
    comment: str = "",
    located: Located | None = None,
    clone: Path | None = None,
) -> Outcome:
    """Push the commit of a ref, by default of the deployment's branch.

    `located` is the commit, if it is known already; `clone` is a clone of the repository, if it is not
    the project. Raise BootstrapperError if the push can't begin. A push that begins and fails is an
    Outcome.
    """
    ref = check_ref(ref or prepared.deployment.branch)
    git = GitRepository(clone or prepared.project, session.inherited, prepared.mask)
    repository = prepared.settings.get("REPOSITORY", "")
    if located is None and prepared.resolves_git:
        with frontend.waiting(f"asking {repository}"):
            located = git.locate(repository, ref, prepared.deployment.name)
    located = located or Located(commit="")
    plan = prepared.plan(
        number=located.last_number,
        comment=comment,
        ref=ref,
        commit=located.commit,
        who=session.holder.who,
    )
    frontend.located(git, plan)
    register = _connect(session, store, frontend)
    frontend.confirm_deploy(plan, live_push(register.records, register.current()), git)
    return start_push(session, prepared, register, plan, frontend)


def rollback(
    session: Session,
    prepared: PreparedDeployment,
    store: PushStore,
    frontend: Frontend,
    *,
    to: int | None = None,
    proposal: RollbackProposal | None = None,
    comment: str = "",
    keep_settings: bool = False,
    flags: Iterable[str] = (),
) -> Outcome:
    """Return to the push `to`; without one, to the push that was live before the live one.

    `proposal` is what a person has been shown, where that was before now. Today's values of
    `flags` replace those of then, and with `keep_settings` those of all settings. Raise as
    `deploy` does.
    """
    register = _connect(session, store, frontend)
    if proposal is None:
        proposal = propose_rollback(register.records, current=register.current(), wanted=to)
    planned = plan_return(
        session,
        prepared,
        register,
        proposal,
        comment=comment or f"back to push {proposal.target.id}",
        keep_settings=keep_settings,
        flags=flags,
    )
    git = GitRepository(prepared.project, session.inherited, prepared.mask)
    frontend.confirm_rollback(planned, git)
    return start_push(session, prepared, register, planned.plan, frontend)


def resume(
    session: Session,
    prepared: PreparedDeployment,
    store: PushStore,
    frontend: Frontend,
    *,
    record: Record | None = None,
) -> Outcome:
    """Continue a push from the stage where it stopped: `record`, or else the last one.

    Raise as `deploy` does.
    """
    name = prepared.deployment.name
    register = _connect(session, store, frontend)
    last = record or next(iter(register.records), None)
    again = f"{PROGRAM} deploy {name}"
    if last is None or (record is None and last.state is State.SUCCEEDED):
        why = f"its last push, {last.id}, succeeded" if last else "it was never pushed"
        raise InputError(name, f"there is nothing to resume: {why}", again)
    directory = store.directory(last.id)
    if not directory.is_dir():
        raise InputError(
            name,
            f"its last push, {last.id}, was made by {last.user}@{last.machine}, "
            "and only there it can be resumed",
            again,
        )
    plan = register.plan(last.id, prepared.secrets)
    if plan is None:
        raise InputError(f"push {last.id}", "its snapshot is missing", again)
    _require_outputs(last, again)
    if not (directory / "checkout").is_dir():
        raise InputError(f"push {last.id}", "its checkout is gone", again)
    journal = store.reopen(plan)
    register.continue_push(plan)
    return run(
        session,
        prepared,
        register,
        plan,
        journal,
        frontend,
        done=_completed_stages(last),
        outputs=last.outputs,
        resumed=True,
    )


def _connect(session: Session, store: PushStore, frontend: Frontend) -> PushRegister:
    hosts = session.deployment.hosts
    with frontend.waiting(f"connecting to {host_names(hosts)}") if hosts else nullcontext():
        return PushRegister(session, store)


def _completed_stages(record: Record) -> set[tuple[int, str]]:
    """Return the stages, and hosts of stages, that need not run again."""
    return {
        (index, host)
        for index, stage in enumerate(record.stages)
        for host, run in (stage.hosts or {"": stage}).items()
        if run.state in _COMPLETED
    }


def _require_outputs(record: Record, again: str) -> None:
    """Raise InputError if a later stage needs a secret that was masked, and so is not kept."""
    masked = [name for name, value in record.outputs.items() if "[masked " in value]
    if masked:
        raise InputError(
            f"push {record.id}",
            f"a stage handed on {masked[0]}, which holds a secret and so wasn't kept",
            again,
        )
