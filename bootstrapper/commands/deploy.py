"""`deploy` and `resume`: a push, and what is left of one that failed."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bootstrapper.commands.attended import confirm
from bootstrapper.commands.carrying_out import Carrying
from bootstrapper.commands.parsers import Subparsers, project_parser
from bootstrapper.deploy import dry_run, journals
from bootstrapper.deploy.console import Console
from bootstrapper.deploy.environment import INHERITED
from bootstrapper.deploy.event import State
from bootstrapper.deploy.execution import Place
from bootstrapper.deploy.holder import PROGRAM
from bootstrapper.deploy.journal import Journal, home
from bootstrapper.deploy.preparation import Preparation
from bootstrapper.deploy.record import Record
from bootstrapper.deploy.rollback import live_push
from bootstrapper.deploy.session import Session
from bootstrapper.deploy.snapshot import load
from bootstrapper.deploy.source import Git
from bootstrapper.errors import InputError

MOST_COMMITS = 10  # that are listed one by one


def add(commands: Subparsers, program: str) -> None:
    """Add the two commands."""
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False,
                                     parents=[project_parser()])
    common.add_argument("deployment", nargs="?", default="", metavar="DEPLOYMENT",
                        help="default: the one that deploy/deployments.toml names as such")
    common.add_argument("--step", action="store_true",
                        help="ask before each stage: run it, skip it, stop, or look around")
    common.add_argument("--yes", action="store_true", help="ask nothing beforehand")

    command = commands.add_parser("deploy", parents=[common], allow_abbrev=False,
                                  help="push: run a deployment's stages, one after the other")
    command.add_argument("-m", dest="comment", default="", metavar="COMMENT",
                         help="what the push is for; kept with it")
    command.add_argument("--ref", default="", metavar="REF",
                         help="a branch, tag or commit (default: the deployment's branch)")
    command.add_argument("--flag", dest="flags", action="append", default=[],
                         metavar="NAME[=VALUE]", help="set a flag of the deployment")
    command.add_argument("--skip", action="append", default=[], metavar="STAGE",
                         help="leave a stage out")
    command.add_argument("--dry-run", action="store_true",
                         help="show each command and its environment, and do nothing")
    command.set_defaults(run=_deploy)

    command = commands.add_parser("resume", parents=[common], allow_abbrev=False,
                                  help="go on with the last push from the stage where it failed")
    command.set_defaults(run=_resume)


def _deploy(options: argparse.Namespace) -> int:
    project = options.project.resolve()
    prepared = Preparation.of(project, options.deployment, os.environ, flags=options.flags,
                              skip=options.skip)
    _refuse_step_without_terminal(options)
    ref = options.ref or prepared.deployment.branch
    if options.dry_run:
        return _show(prepared, options.comment, ref)
    with Session(prepared) as session:
        git = Git(project, session.inherited)
        repository = prepared.settings.get("REPOSITORY", "")
        commit = git.resolve(repository, ref) if prepared.resolves_git else ""
        plan = prepared.plan(number=0, comment=options.comment, ref=ref, commit=commit)
        carrying = Carrying(options, session, prepared)
        console = carrying.console(plan)
        _tell_commits(console, git, live_push(session.records, session.current()), commit)
        _tell_work_tree(options, console, git, session, ref, commit)
        return carrying.start(plan, console)


def _resume(options: argparse.Namespace) -> int:
    project = options.project.resolve()
    prepared = Preparation.of(project, options.deployment, os.environ)
    name = prepared.deployment.name
    _refuse_step_without_terminal(options)
    with Session(prepared) as session:
        last = next(iter(session.records), None)
        if last is None or last.state is State.SUCCEEDED:
            told = f"its last push, {last.id}, succeeded" if last else "it was never pushed"
            raise InputError(name, f"there is nothing to resume: {told}",
                             f"{PROGRAM} deploy {name}")
        if not (home(project) / str(last.id)).is_dir():
            raise InputError(name, f"its last push, {last.id}, was made by {last.user}@"
                             f"{last.machine}, and only there it can be resumed",
                             f"{PROGRAM} deploy {name}")
        plan = load(project, last.id, prepared.secrets)
        _refuse_unkept(last)
        if not (home(project) / str(last.id) / "checkout").is_dir():
            raise InputError(f"push {last.id}", "its checkout is gone", f"{PROGRAM} deploy {name}")
        carrying = Carrying(options, session, prepared)
        console = carrying.console(plan)
        journal = Journal.open(project, last.id)
        session.hold(plan)
        console.say(f"{name}: push {last.id} goes on")
        return carrying.go(plan, journal, console, resumed=True, done=_done(last),
                           outputs=last.outputs)


def _done(record: Record) -> set[tuple[int, str]]:
    """The stages, and hosts of stages, that needn't run again."""
    over = (State.SUCCEEDED, State.SKIPPED)
    return {(index, host) for index, stage in enumerate(record.stages)
            for host, run in (stage.hosts or {"": stage}).items() if run.state in over}


def _refuse_unkept(record: Record) -> None:
    masked = [name for name, value in record.outputs.items() if "[masked " in value]
    if masked:
        raise InputError(f"push {record.id}", f"a stage handed on {masked[0]}, which holds a "
                         "secret and so wasn't kept", f"{PROGRAM} deploy {record.deployment}")


def _show(prepared: Preparation, comment: str, ref: str) -> int:
    number = journals.last_id(prepared.project) + 1
    plan = prepared.plan(number=number, comment=comment, ref=ref, commit="")
    own = {name: os.environ[name] for name in INHERITED if name in os.environ}
    print(f"{plan.deployment}: push {number}, as far as this machine knows; nothing is done\n")
    place = Place(directory=home(prepared.project) / str(number),
                  scratch=Path(tempfile.gettempdir()) / "push-…")
    for line in dry_run.lines(plan, place, inherited=own, python=sys.executable):
        print(line)
    return 0


def _tell_commits(console: Console, git: Git, live: Record | None, commit: str) -> None:
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
    console.say(f"{len(commits)} commit{'s' if len(commits) != 1 else ''} since push {live.id}:")
    for line in commits[:MOST_COMMITS]:
        console.say(f"  {line}")
    if len(commits) > MOST_COMMITS:
        console.say(f"  and {len(commits) - MOST_COMMITS} more")
    if back := git.commits(commit, live.commit):
        console.say(f"{len(back)} commits of push {live.id} are not in it")


def _tell_work_tree(options: argparse.Namespace, console: Console, git: Git, session: Session,
                    ref: str, commit: str) -> None:
    """What a person may think is pushed, and isn't."""
    tree = git.work_tree(ref, commit)
    told = [f"{tree.changed} changed file{'s' if tree.changed != 1 else ''} not committed"
            ] if tree.changed else []
    told += [f"{tree.unpushed} commit{'s' if tree.unpushed != 1 else ''} of {ref} not pushed"
             ] if tree.unpushed else []
    if told:
        console.say(f"here are {' and '.join(told)}: what is pushed is {commit[:7]}")
        confirm(console, "go on?", yes=options.yes, meanwhile=session.tick)


def _refuse_step_without_terminal(options: argparse.Namespace) -> None:
    if options.step and not sys.stdin.isatty():
        raise InputError("--step", "asks before each stage, and there is no terminal to ask on",
                         "the same command without --step")
