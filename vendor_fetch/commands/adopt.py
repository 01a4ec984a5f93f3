"""The command `init`, with which an existing Django project adopts vendoring."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from bootstrapper.arguments import CommandParser
from bootstrapper.errors import BootstrapperError, InputError
from bootstrapper.next_step import edit, next_lines
from bootstrapper.progress import Progress
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.adopt.account import difference, need_lines
from vendor_fetch.adopt.deviations import deviations
from vendor_fetch.adopt.failure import of_own_files
from vendor_fetch.adopt.lasting_needs import lasting_needs
from vendor_fetch.adopt.plan import refuse_links
from vendor_fetch.adopt.proposal import Proposal, propose
from vendor_fetch.adopt.site import QUESTIONS, Ask, answer_questions
from vendor_fetch.adopt.site_python import site_python
from vendor_fetch.adopt.undo import (
    RECORD,
    files_to_undo,
    refuse_changes_since,
    undo,
)
from vendor_fetch.commands.libraries import libraries
from vendor_fetch.commands.options import directory_of
from vendor_fetch.commands.outcome import report
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import program_command, retry_command
from vendor_fetch.project.project import APPS_IN, BESIDE
from vendor_fetch.sync.request import Outcome
from vendor_fetch.sync.staging import recover
from vendor_fetch.sync.sync import sync

# The checkout that this package runs from.
_CHECKOUT = Path(__file__).parents[2]


def add_parsers(commands: Any, common: CommandParser) -> None:
    """Add the parser of the command; it sets `run`, which returns the exit status."""
    adopting = commands.add_parser(
        "init",
        parents=[common],
        help="vendor an existing Django project: print what would change, ask, and change it",
    )
    adopting.add_argument(
        "--from",
        dest="files",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="a file that says what the project depends on, instead of those that are found",
    )
    adopting.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="NAME",
        help="also take a group of dependencies, such as dev, or an extra",
    )
    adopting.add_argument(
        "--relax",
        action="append",
        default=[],
        metavar="NAME",
        help="let the locked version of a package move",
    )
    adopting.add_argument(
        "--python", metavar="VERSION", help="the Python of the site, such as 3.12"
    )
    adopting.add_argument(
        "--set",
        dest="answers",
        action="append",
        type=_answer,
        default=[],
        metavar="NAME=VALUE",
        help=f"answer a question about the server: {', '.join(QUESTIONS)}",
    )
    adopting.add_argument(
        "--template",
        type=Path,
        metavar="DIR",
        default=_CHECKOUT,
        help="a checkout of the template, for bootstrap.py, apache/ and deploy/ (default: the one "
        "that runs this command)",
    )
    adopting.add_argument(
        "--yes", action="store_true", help="change the project without a question"
    )
    adopting.add_argument(
        "--dry-run", action="store_true", help="print what would change, and change nothing"
    )
    adopting.add_argument(
        "--undo", action="store_true", help="give back every file as it was before init"
    )
    adopting.set_defaults(run=run_init)


def run_init(options: argparse.Namespace, progress: Progress) -> int:
    """Adopt the project, or give it back."""
    root = directory_of(options)
    if (root / BESIDE).is_dir():  # of a killed run
        with project_lock(root), project_lock(root / APPS_IN.parent):
            recover(root)
    if options.undo and options.dry_run:
        for path in files_to_undo(root):
            progress.say(f"would be as before init: {path}")
        return 0
    if options.undo:
        for path in undo(root):
            progress.detail(f"  {path}")
        progress.say("every file is as it was before init")
        return 0
    if (root / APPS_IN).is_file():
        if options.answers:
            raise InputError(
                "--set",
                "the project was moved in before, and its files are its own now",
                edit("deploy/deployments.toml", "change it there, and in apache/"),
            )
        for line in need_lines(lasting_needs(root)):
            progress.say(line)
        progress.say(f"Nothing to do: {APPS_IN} is there")
        return 0
    if os.path.lexists(root / RECORD):  # it has what the files were before the first time
        raise InputError(
            str(RECORD),
            f"is there, and {APPS_IN} is not: the project was adopted before",
            f"{program_command('init', '--undo')}  # then: {retry_command()}",
        )
    refuse_links(root)
    project, answers = answer_questions(
        root, dict(options.answers), _asking(options, progress), progress.say
    )
    with libraries():
        proposal = propose(
            project,
            answers,
            template=options.template.absolute(),
            python=site_python(root, options.python or "", progress.say),
            files=options.files,
            groups=options.group,
            relaxed=options.relax,
        )
    for line in proposal.lines():
        progress.say(line)
    is_new = not (root / APPS_IN.parent).is_dir()
    (root / APPS_IN.parent).mkdir(exist_ok=True)
    try:
        return _change(proposal, options, progress)
    finally:
        if is_new and not any((root / APPS_IN.parent).iterdir()):
            (root / APPS_IN.parent).rmdir()


def _change(proposal: Proposal, options: argparse.Namespace, progress: Progress) -> int:
    project, request = proposal.project, proposal.request
    index = configured_index(project.directory)
    cache = Cache(cache_directory())
    trial = replace(request, dry_run=True)
    try:
        outcome = sync(project, cache, index, progress, lambda: trial)
    except BootstrapperError as error:
        raise of_own_files(error, proposal.adoption, request.edits[APPS_IN].decode()) from None
    for line in difference(project.directory, proposal.edits):
        progress.say(line)
    status = report(outcome, progress)
    for line in deviations(proposal.adoption, outcome or Outcome()):
        progress.say(line)
    if options.dry_run or not options.yes:
        for line in need_lines(proposal.needs):
            progress.say(line)
    if options.dry_run:
        return status
    if not options.yes and not _is_wanted(progress):
        progress.say("nothing was changed")
        return 1
    # The user may have edited a file during the question, or while the files were fetched.
    refuse_changes_since(project.directory, proposal.edits, request.edits[RECORD])
    outcome = sync(project, cache, index, progress, lambda: request)
    for line in need_lines(proposal.needs):
        progress.say(line)
    undo_command = program_command("init", "--undo")
    progress.say(next_lines(f"./bootstrap.py  # then: git add --all; or: {undo_command}"))
    return 1 if outcome and outcome.differences else 0


def _answer(text: str) -> tuple[str, str]:
    """Return the name and the value of `--set`."""
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name.lower(), value


def _asking(options: argparse.Namespace, progress: Progress) -> Ask | None:
    """Return a function that asks at the terminal; None if nobody is to be asked."""
    if options.yes or options.dry_run or not sys.stdin or not sys.stdin.isatty():
        return None

    def ask(text: str, default: str) -> str:
        progress.prompt(f"{text} [{default}]: ")
        return sys.stdin.readline()

    return ask


def _is_wanted(progress: Progress) -> bool:
    if not sys.stdin or not sys.stdin.isatty():
        raise InputError(
            "init",
            "has no terminal to ask at",
            f"{retry_command()} --yes  # after reading the above",
        )
    progress.prompt("Change the project? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
