"""A push from the repository, and the rest of one that failed."""

import argparse

from bootstrapper.commands.interactive import InteractivePush, confirm, list_commits
from bootstrapper.commands.output import host_names, waiting
from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.journal.journal import FileJournal, journal_directory
from bootstrapper.deploy.journal.store import ProjectPushStore, load
from bootstrapper.deploy.machine.git import GitRepository, Located, WorkTree
from bootstrapper.deploy.operations.start import completed_stages, require_outputs
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.deploy.plan.rollback import live_push
from bootstrapper.deploy.push.register import PushRegister
from bootstrapper.deploy.push.session import Session
from bootstrapper.deploy.screen.console import Console
from bootstrapper.errors import InputError
from bootstrapper.git_ref import check_ref
from bootstrapper.program import PROGRAM


def deploy(options: argparse.Namespace, prepared: PreparedDeployment, session: Session) -> int:
    """Push what the deployment's branch, or --ref, is now; returns the exit status."""
    ref = check_ref(options.ref or prepared.deployment.branch)
    git = GitRepository(prepared.project, session.inherited, prepared.mask)
    repository = prepared.settings.get("REPOSITORY", "")
    found = Located(commit="")
    if prepared.resolves_git:
        with waiting(f"asking {repository}", options.verbosity):
            found = git.locate(repository, ref, prepared.deployment.name)
    commit = found.commit
    tree = git.work_tree(ref, commit)
    plan = prepared.plan(number=found.last_number, comment=options.comment, ref=ref, commit=commit)
    with waiting(f"connecting to {host_names(prepared.hosts)}", options.verbosity):
        ledger = PushRegister(session, ProjectPushStore(prepared.project))
    carrying = InteractivePush(options, session, ledger, prepared)
    console = carrying.console(plan)
    _tell_commits(console, git, live_push(ledger.records, ledger.current()), commit)
    if told := _unpushed(tree, ref):
        console.say(f"left out of this push of {commit[:7]}: {told}")
        confirm(console, "go on?", yes=options.yes, meanwhile=session.tick)
    return carrying.start(plan, console)


def resume(options: argparse.Namespace, prepared: PreparedDeployment, session: Session) -> int:
    """Go on with the deployment's last push from where it stopped; returns the exit status."""
    name, project = prepared.deployment.name, prepared.project
    with waiting(f"connecting to {host_names(prepared.hosts)}", options.verbosity):
        ledger = PushRegister(session, ProjectPushStore(project))
    last = next(iter(ledger.records), None)
    if last is None or last.state is State.SUCCEEDED:
        told = f"its last push, {last.id}, succeeded" if last else "it was never pushed"
        raise InputError(name, f"there is nothing to resume: {told}", f"{PROGRAM} deploy {name}")
    if not (journal_directory(project) / str(last.id)).is_dir():
        raise InputError(
            name,
            f"its last push, {last.id}, was made by {last.user}@"
            f"{last.machine}, and only there it can be resumed",
            f"{PROGRAM} deploy {name}",
        )
    plan = load(project, last.id, prepared.secrets)
    require_outputs(last)
    if not (journal_directory(project) / str(last.id) / "checkout").is_dir():
        raise InputError(f"push {last.id}", "its checkout is gone", f"{PROGRAM} deploy {name}")
    carrying = InteractivePush(options, session, ledger, prepared)
    console = carrying.console(plan)
    journal = FileJournal.open(project, last.id)
    ledger.continue_push(plan)
    console.say(f"{name}: push {last.id} goes on")
    return carrying.go(
        plan, journal, console, resumed=True, done=completed_stages(last), outputs=last.outputs
    )


def _tell_commits(console: Console, git: GitRepository, live: Record | None, commit: str) -> None:
    """What goes out with this push."""
    if not live or not commit or not live.commit:
        return
    if live.commit == commit:
        console.say(f"no commits since push {live.id}")
        return
    commits = git.commits(live.commit, commit)
    if commits is None:
        console.say(f"the commits since push {live.id} are not known here (git fetch)")
        return
    added, removed = commits.added, commits.removed
    console.say(f"{len(added)} commit{'s' if len(added) != 1 else ''} since push {live.id}:")
    list_commits(console, added, "  ")
    if removed:
        console.say(f"{len(removed)} commits of push {live.id} are not in it")


def _unpushed(tree: WorkTree, ref: str) -> str:
    """What a person may think is pushed, and isn't."""
    told = []
    if tree.changed:
        told.append(f"{tree.changed} changed file{'s' if tree.changed != 1 else ''} not committed")
    if tree.unpushed:
        told.append(
            f"{tree.unpushed} commit{'s' if tree.unpushed != 1 else ''} of {ref} not pushed"
        )
    return " and ".join(told)
