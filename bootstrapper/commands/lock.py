"""`lock` and `unlock`: refuse pushes of a deployment, with a reason that the refusal prints."""

import argparse

from bootstrapper.commands.parsers import Subparsers, deployment_parser
from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.events.times import iso_now
from bootstrapper.deploy.machine.directory import machine_name, user_name
from bootstrapper.deploy.machine.holder import LockInfo
from bootstrapper.deploy.push.session import open_deployment_lock
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM, in_project


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
    with open_deployment_lock(options.project, deployment) as lock:
        if lock.lock_info:
            raise lock.lock_info.refusal(deployment.name)
        lock.lock(
            LockInfo(
                who=user_name(),
                machine=machine_name(),
                since=iso_now(),
                reason=" ".join(options.reason.split()),
            )
        )
    _say(
        options,
        f"{deployment.name} is locked; to unlock it: "
        + in_project(f"{PROGRAM} unlock {deployment.name}"),
    )
    return 0


def _unlock(options: argparse.Namespace) -> int:
    deployment = reader.read(options.project).deployment(options.deployment)
    with open_deployment_lock(options.project, deployment) as lock:
        info = lock.lock_info
        lock.unlock()
    _say(
        options,
        f"{deployment.name} is unlocked; it had been locked by {info}"
        + (f": {info.reason}" if info.reason else "")
        if info
        else f"{deployment.name} was not locked",
    )
    return 0


def _say(options: argparse.Namespace, line: str) -> None:
    if options.verbosity >= 0:
        print(single_line(line))
