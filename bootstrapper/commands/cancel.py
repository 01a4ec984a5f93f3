"""`cancel`: end the running push of a deployment."""

import argparse
import sys
import time

from bootstrapper.commands.parsers import Subparsers, deployment_parser
from bootstrapper.commands.pushes import load_status, trouble
from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.journal import store
from bootstrapper.deploy.journal.journal import ask_to_cancel, journal_directory
from bootstrapper.deploy.machine.directory import machine_name, user_name
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.machine.push_lock import current_holder
from bootstrapper.errors import WorkFailed
from bootstrapper.next_step import next_lines
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM
from bootstrapper.progress import Progress

POLL = 0.1
# A push ends its stages within 10 s; who takes longer may be stopped, or waits for a disk.
LONG = 20.0


def add(commands: Subparsers, program: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "cancel",
        parents=[deployment_parser()],
        allow_abbrev=False,
        help="end the running push, and wait until it has ended",
    )
    command.set_defaults(run=_cancel)


def _cancel(options: argparse.Namespace) -> int:
    project = options.project.resolve()
    deployment = reader.read(project).deployment(options.deployment)
    name = deployment.name
    running = current_holder(project, name)
    if running is None:
        elsewhere = load_status(options, deployment).holder
        if elsewhere:
            raise WorkFailed(
                name,
                f"is being pushed by {elsewhere}, from another directory or machine",
                f"{PROGRAM} status {name}  # cancel it on {single_line(elsewhere.machine)}, in the "
                "directory that it was started from",
            )
        raise WorkFailed(
            name, "nothing is running, so there is nothing to cancel", f"{PROGRAM} status {name}"
        )
    progress = Progress(sys.stdout, options.verbosity)
    began = time.monotonic()
    hint_shown = False
    asked: set[str] = set()
    while (now := current_holder(project, name)) and now.pid == running.pid:
        running = now
        if now.push and now.push not in asked:  # it gets its number once it holds all locks
            ask_to_cancel(journal_directory(project) / now.push, f"{user_name()}@{machine_name()}")
            asked.add(now.push)
        if not hint_shown and time.monotonic() - began > LONG:
            hint_shown = True
            progress.paint("")
            progress.say(
                f"it is still there: process {running.pid} may be stopped\n"
                f"  kill -CONT {running.pid} wakes it, kill -KILL {running.pid} ends it "
                "at once; its stages end with it"
            )
        progress.paint(f"waiting for {_push(running)} to end, {time.monotonic() - began:.1f} s")
        time.sleep(POLL)
    progress.paint("")
    record = (
        store.push(project, int(running.push), store.by_lock(project)) if (running.push) else None
    )
    if record is None:
        progress.say(f"{name}: {_push(running)} has ended before it began")
    elif record.state is State.SUCCEEDED:
        progress.say(
            f"{name}: push {record.id} had succeeded before it could be cancelled\n"
            + next_lines(f"{PROGRAM} rollback {name}")
        )
    else:
        progress.say(
            f"{name}: push {record.id} {record.state}, {trouble(record)}\n"
            + next_lines(f"{PROGRAM} status {name}")
        )
    return 0


def _push(running: PushHolder) -> str:
    return f"push {running.push}" if running.push else "the push"
