"""A rollback: the return to an earlier push, its code and its settings."""

import argparse
from dataclasses import replace

from bootstrapper.commands.interactive import InteractivePush, confirm, list_commits
from bootstrapper.commands.output import host_names, waiting
from bootstrapper.deploy.journal.store import ProjectPushStore
from bootstrapper.deploy.machine.git import GitRepository
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.deploy.plan.rollback import (
    RollbackProposal,
    plan_rollback,
    propose_rollback,
    rollback_template,
    settings_changed,
)
from bootstrapper.deploy.push.register import PushRegister
from bootstrapper.deploy.push.session import Session
from bootstrapper.deploy.screen.console import Console
from bootstrapper.errors import WorkFailed
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM


def rollback(options: argparse.Namespace, prepared: PreparedDeployment, session: Session) -> int:
    """Return to the push that is asked for, or the one before the live one; the exit status."""
    with waiting(f"connecting to {host_names(prepared.hosts)}", options.verbosity):
        ledger = PushRegister(session, ProjectPushStore(prepared.project))
    proposal = propose_rollback(ledger.records, current=ledger.current(), wanted=options.push)
    target = proposal.target
    base = rollback_template(
        prepared,
        target,
        ledger.plan(target.id, prepared.secrets),
        keep_settings=options.keep_settings,
    )
    given = {word.partition("=")[0] for word in options.flags}
    base = replace(base, flags={**base.flags, **{name: prepared.flags[name] for name in given}})
    fast, releases = ledger.way_back(target, base)
    if not fast and not target.rollback_url:
        raise WorkFailed(
            f"push {target.id}",
            "its release is gone from the target, and it kept no tag to push again",
            f"{PROGRAM} deploy {base.deployment} --ref {target.commit or 'REF'}",
        )
    plan = plan_rollback(
        base,
        target,
        undone=proposal.live.id if proposal.live else None,
        comment=options.comment or f"back to push {target.id}",
        fast=fast,
        releases=releases,
    )
    carrying = InteractivePush(options, session, ledger, prepared)
    console = carrying.console(plan)
    _tell(
        console,
        GitRepository(prepared.project, session.inherited, prepared.mask),
        proposal,
        fast=fast,
        keep_settings=options.keep_settings,
    )
    confirm(console, f"roll back to push {target.id}?", yes=options.yes, meanwhile=session.tick)
    return carrying.start(plan, console)


def _tell(
    console: Console,
    git: GitRepository,
    proposal: RollbackProposal,
    *,
    fast: bool,
    keep_settings: bool,
) -> None:
    """What goes back, and how."""
    target, live = proposal.target, proposal.live
    how = (
        "its release is still there: switch and reload"
        if fast
        else (f"its release is gone: {target.rollback_url} is pushed again")
    )
    comment = f' "{single_line(target.comment)}"' if target.comment else ""
    console.say(f"back to push {target.id}{comment} by {target.user}; {how}")
    if live is None:
        return
    commits = git.commits(target.commit, live.commit)
    if commits:
        list_commits(console, commits.added, "  takes back ")
    if not keep_settings:
        for line in settings_changed(live.settings, target.settings):
            console.say(f"  {line}")
