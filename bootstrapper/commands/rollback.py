"""`rollback`: return to an earlier push, its code and its settings."""

import argparse
import os

from bootstrapper.commands.attended import confirm
from bootstrapper.commands.carrying_out import Carrying
from bootstrapper.commands.parsers import Subparsers, project_parser
from bootstrapper.deploy.console import Console
from bootstrapper.deploy.holder import PROGRAM
from bootstrapper.deploy.preparation import Preparation
from bootstrapper.deploy.rollback import Proposal, plan_back, propose, settings_changed
from bootstrapper.deploy.session import Session
from bootstrapper.deploy.snapshot import template
from bootstrapper.deploy.source import Git
from bootstrapper.errors import InputError, WorkFailed


def add(commands: Subparsers, program: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "rollback", parents=[project_parser()], allow_abbrev=False,
        help="return to the last push that worked before the one that is live, or to another")
    command.add_argument("words", nargs="*", metavar="[DEPLOYMENT] [PUSH]",
                         help="default: the default deployment, the push before the live one")
    command.add_argument("-m", dest="comment", default="", metavar="COMMENT",
                         help="why; kept with the push")
    command.add_argument("--keep-settings", action="store_true",
                         help="go back with the code alone: today's settings stay")
    command.add_argument("--step", action="store_true", help="ask before each stage")
    command.add_argument("--yes", action="store_true", help="ask nothing beforehand")
    command.set_defaults(run=_rollback)


def _rollback(options: argparse.Namespace) -> int:
    name, wanted = _words(options.words)
    project = options.project.resolve()
    prepared = Preparation.of(project, name, os.environ)
    with Session(prepared) as session:
        proposal = propose(session.records, current=session.current(), wanted=wanted)
        target = proposal.target
        base = template(prepared, target, keep_settings=options.keep_settings)
        release = target.id if target.release is None else target.release
        fast = session.has_release(release) and base.switching() is not None
        if not fast and not target.rollback_url:
            raise WorkFailed(f"push {target.id}", "its release is gone from the target, and it "
                             "kept no tag to push again",
                             f"{PROGRAM} deploy {base.deployment} --ref {target.commit or 'REF'}")
        plan = plan_back(base, target, undone=proposal.live.id if proposal.live else None,
                         comment=options.comment or f"back to push {target.id}", fast=fast)
        carrying = Carrying(options, session, prepared)
        console = carrying.console(plan)
        _tell(console, Git(project, session.inherited), proposal, fast=fast,
              keep_settings=options.keep_settings)
        confirm(console, f"roll back to push {target.id}?", yes=options.yes,
                meanwhile=session.tick)
        return carrying.start(plan, console)


def _words(words: list[str]) -> tuple[str, int | None]:
    """A deployment's name and a push's number, each of which may be missing."""
    numbers = [word for word in words if word.isdecimal()]
    names = [word for word in words if not word.isdecimal()]
    if len(numbers) > 1 or len(names) > 1:
        raise InputError("rollback", f"takes a deployment and the number of a push, not "
                         f"{' '.join(words)}", f"{PROGRAM} pushes")
    return (names[0] if names else ""), (int(numbers[0]) if numbers else None)


def _tell(console: Console, git: Git, proposal: Proposal, *, fast: bool,
          keep_settings: bool) -> None:
    """What goes back, and how."""
    target, live = proposal.target, proposal.live
    how = "its release is still there: switch and reload" if fast else (
        f"its release is gone: {target.rollback_url} is pushed again")
    comment = f" \"{target.comment}\"" if target.comment else ""
    console.say(f"back to push {target.id}{comment} by {target.user}; {how}")
    if live is None:
        return
    commits = git.commits(target.commit, live.commit)
    for line in commits or []:
        console.say(f"  takes back {line}")
    if not keep_settings:
        for line in settings_changed(live.settings, target.settings):
            console.say(f"  {line}")
