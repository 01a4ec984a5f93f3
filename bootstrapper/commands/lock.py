"""`lock` and `unlock`: close a deployment to pushes, with a reason that a refused push prints."""

import argparse

from bootstrapper.commands.parsers import Subparsers, deployment_parser
from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.events.times import iso_now
from bootstrapper.deploy.machine.directory import machine_name, user_name
from bootstrapper.deploy.machine.holder import LockInfo
from bootstrapper.deploy.push.session import open_deployment_lock
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM


def add(commands: Subparsers, program: str) -> None:
    """Add the two commands."""
    command = commands.add_parser(
        "lock",
        parents=[deployment_parser()],
        allow_abbrev=False,
        help="lock a deployment: it takes no pushes until it is unlocked",
    )
    command.add_argument(
        "-m",
        dest="reason",
        required=True,
        metavar="REASON",
        help='why, for the users who want to push: "exam week"',
    )
    command.set_defaults(run=_lock)
    command = commands.add_parser(
        "unlock",
        parents=[deployment_parser()],
        allow_abbrev=False,
        help="unlock a deployment: it takes pushes again",
    )
    command.set_defaults(run=_unlock)


def _lock(options: argparse.Namespace) -> int:
    deployment = reader.read(options.project).deployment(options.deployment)
    with open_deployment_lock(options.project, deployment) as its:
        if its.closed:
            raise its.closed.refusal(deployment.name)
        its.close(
            LockInfo(
                who=user_name(),
                machine=machine_name(),
                since=iso_now(),
                reason=" ".join(options.reason.split()),
            )
        )
    _say(
        options,
        f"{deployment.name} is closed to pushes; to open it: {PROGRAM} unlock {deployment.name}",
    )
    return 0


def _unlock(options: argparse.Namespace) -> int:
    deployment = reader.read(options.project).deployment(options.deployment)
    with open_deployment_lock(options.project, deployment) as its:
        closed = its.closed
        its.open()
    _say(
        options,
        f"{deployment.name} is open to pushes again; it was closed by {closed}"
        + (f": {closed.reason}" if closed.reason else "")
        if closed
        else f"{deployment.name} was open already",
    )
    return 0


def _say(options: argparse.Namespace, line: str) -> None:
    if options.verbosity >= 0:
        print(single_line(line))
