"""`pushes`: list pushes with their time, user and state."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from bootstrapper.commands.output import json_text, table, waiting, write_lines
from bootstrapper.commands.parsers import Subparsers, deployment_parser
from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.deployment import Deployment
from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.events.times import iso_time, short_time
from bootstrapper.deploy.journal import store
from bootstrapper.deploy.operations.status import DeploymentStatus, read_status
from bootstrapper.deploy.remote.ssh import host_names
from bootstrapper.deploy.screen.stage_line import shown
from bootstrapper.deploy.screen.style import Style
from bootstrapper.errors import InputError
from bootstrapper.next_step import next_lines
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM, in_project

MOST = 20  # rows, unless asked for more


def add(commands: Subparsers, program: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "pushes",
        parents=[deployment_parser("all deployments")],
        allow_abbrev=False,
        help="list the pushes of a deployment, or of all, newest first",
    )
    command.add_argument(
        "-n",
        type=_number,
        default=None,
        metavar="N",
        help=f"how many pushes (default: {MOST}; with --json all)",
    )
    command.add_argument(
        "--local",
        action="store_true",
        help="only pushes made from this directory; connects to no host",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_pushes)


def load_status(
    options: argparse.Namespace,
    deployment: Deployment,
    *,
    every_host: bool = False,
    local: bool = False,
) -> DeploymentStatus:
    """Return the status of the deployment.

    Print which hosts it asks, and on standard error those that did not answer.
    """
    with (
        nullcontext()
        if local or not deployment.hosts
        else waiting(f"asking {host_names(deployment.hosts)}", options.verbosity)
    ):
        seen = read_status(
            options.project.resolve(), deployment, every_host=every_host, local=local
        )
    if seen.unreachable:
        warn(f"{seen.unreachable}\n  what follows is what is known here")
    return seen


def warn(text: str) -> None:
    """Print to standard error, after everything that was printed before."""
    sys.stdout.flush()
    print(text, file=sys.stderr)


def _pushes(options: argparse.Namespace) -> int:
    project = options.project.resolve()
    records: list[Record] = []
    serving: set[tuple[str, int]] = set()
    try:
        defined = reader.read(project)
        chosen = (
            [defined.deployment(options.deployment)]
            if options.deployment
            else [*defined.sound().deployments.values()]
        )
    except InputError as error:
        if next(store.pushes(project, store.by_lock(project)), None) is None:
            raise
        warn(f"{error}\n  what follows is what is known here")  # of deployments that were, too
        chosen = []
    for deployment in chosen:
        seen = load_status(options, deployment, local=options.local)
        records += seen.records
        serving |= {(record.deployment, record.id) for record in [seen.serving] if record}
    names = {deployment.name for deployment in chosen}
    if not options.deployment or not chosen:
        records += [
            record
            for record in store.pushes(project, store.by_lock(project))
            if record.deployment not in names and options.deployment in ("", record.deployment)
        ]
    records.sort(key=lambda record: (record.started or 0.0, record.id), reverse=True)
    if options.json:
        lines = [json_text([record.to_json() for record in records[: options.n]])]
    elif records:
        lines = list(_rows(records[: MOST if options.n is None else options.n], serving))
        if (left := len(records) - MOST) > 0 and options.n is None:
            command = in_project(f"{PROGRAM} pushes -n {len(records)}")
            lines.append(f"{left} older ones: {command}")
    else:
        lines = [
            "nothing was pushed yet",
            next_lines(f"{PROGRAM} deploy {options.deployment}".rstrip()),
        ]
    write_lines(lines)
    return 0


def _rows(records: Sequence[Record], serving: set[tuple[str, int]]) -> Iterator[str]:
    style = Style(sys.stdout)
    several = len({record.deployment for record in records}) > 1
    rows = [
        ["", "PUSH", *(["DEPLOYMENT"] if several else []), "STATE", "STARTED", "TOOK", "BY", "WHAT"]
    ]
    rows += [
        [
            ">" if (record.deployment, record.id) in serving else "",
            str(record.id),
            *([record.deployment] if several else []),
            str(record.state),
            short_time(iso_time(record.started) or ""),
            duration(record),
            by(record),
            "  ".join(_what(record)),
        ]
        for record in records
    ]
    state = 3 if several else 2
    return table(
        rows,
        style.width() if style.live else None,
        more=style.more,
        colours={state: lambda text: style.coloured(State(text.strip()), text)},
    )


def duration(record: Record) -> str:
    """Return how long the push took; empty if that is unknown."""
    if record.started is None or record.ended is None:
        return ""
    return shown(max(record.ended - record.started, 0.0))


def by(record: Record) -> str:
    """Return the user and the machine of a push."""
    return f"{record.user}@{record.machine}" if record.machine else record.user


def _what(record: Record) -> Iterator[str]:
    if code := f"{record.ref} {record.commit[:7]}".strip():
        yield code
    if record.rollback_to is not None:
        yield f"rollback to {record.rollback_to}"
    elif record.rollback_of is not None:
        yield f"rollback of {record.rollback_of}"
    if record.comment:
        yield record.comment
    if record.state in (State.FAILED, State.LOST, State.RUNNING):
        yield f"({trouble(record)})"


def trouble(record: Record) -> str:
    """Return the stage that a push did not pass, and the reason."""
    stage = record.stage
    if stage is None:
        return single_line(record.reason) or str(record.state)
    if stage.state is State.RUNNING:
        return f"at {stage.name}"
    return f"{stage.name}: {single_line(stage.reason)}" if stage.reason else stage.name


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)
