"""The commands `deploy`, `resume` and `rollback`: parse, call the operation, print."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bootstrapper.commands.parsers import Subparsers, deployment_parser, project_parser
from bootstrapper.deploy.definition import secret
from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.plan.prepare import PreparedDeployment, prepare_project
from bootstrapper.deploy.push.session import Session
from bootstrapper.errors import InputError
from bootstrapper.program import PROGRAM, command_line

if TYPE_CHECKING:
    from bootstrapper.deploy.operations.run import Outcome


def add(commands: Subparsers, program: str) -> None:
    """Add the three commands."""
    step = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    step.add_argument(
        "--step",
        action="store_true",
        help="ask before each stage whether to run it, skip it, stop, or look around",
    )
    yes = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    yes.add_argument("--yes", action="store_true", help="start without a question")
    flags = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    flags.add_argument(
        "--flag",
        dest="flags",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="set a flag of the deployment; several times for several flags",
    )

    command = commands.add_parser(
        "deploy",
        parents=[deployment_parser(), step, yes, flags],
        allow_abbrev=False,
        help="push a deployment: run its stages in order",
    )
    command.add_argument(
        "-m",
        dest="comment",
        default="",
        metavar="COMMENT",
        help="a comment, which the push keeps",
    )
    command.add_argument(
        "--ref",
        default="",
        metavar="REF",
        help="the branch, tag or commit to push (default: the deployment's branch)",
    )
    command.add_argument(
        "--skip",
        action="append",
        default=[],
        metavar="STAGE",
        help="leave out a stage; several times for several stages",
    )
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="print each command and its environment, and do nothing",
    )
    command.set_defaults(run=_deploy)

    command = commands.add_parser(
        "resume",
        parents=[deployment_parser(), step],
        allow_abbrev=False,
        help="continue the last push at the stage that failed",
    )
    command.set_defaults(run=_resume)

    command = commands.add_parser(
        "rollback",
        parents=[project_parser(), step, yes, flags],
        allow_abbrev=False,
        help="return to the push that was live before the live one, or to another push",
    )
    command.add_argument(
        "words",
        nargs="*",
        metavar="[DEPLOYMENT] [PUSH]",
        help="a deployment's name, a push's number, or both (default: the default deployment, and the "
        "push that was live before)",
    )
    command.add_argument(
        "-m", dest="comment", default="", metavar="COMMENT", help="a comment, which the push keeps"
    )
    command.add_argument(
        "--keep-settings",
        action="store_true",
        help="take back only the code, and keep today's settings",
    )
    command.set_defaults(run=_rollback)


def _deploy(options: argparse.Namespace) -> int:
    prepared = _prepare(options, flags=options.flags, skip=options.skip)
    _warn(options, prepared)
    if options.dry_run:
        from bootstrapper.commands.dry_run import show

        return show(options, prepared)
    return _operate(
        options,
        prepared,
        lambda start, *held: start.deploy(*held, ref=options.ref, comment=options.comment),
    )


def _resume(options: argparse.Namespace) -> int:
    return _operate(options, _prepare(options), lambda start, *held: start.resume(*held))


def _rollback(options: argparse.Namespace) -> int:
    options.deployment, number = _words(options.words)
    return _operate(
        options,
        _prepare(options, flags=options.flags),
        lambda start, *held: start.rollback(
            *held,
            to=number,
            comment=options.comment,
            keep_settings=options.keep_settings,
            flags={word.partition("=")[0] for word in options.flags},
        ),
    )


def _prepare(
    options: argparse.Namespace, *, flags: Sequence[str] = (), skip: Sequence[str] = ()
) -> PreparedDeployment:
    return prepare_project(
        options.project.resolve(), options.deployment, os.environ, flags=flags, skip=skip
    )


def _operate(
    options: argparse.Namespace,
    prepared: PreparedDeployment,
    operation: "Callable[..., Outcome]",
) -> int:
    """Call the operation in a session that holds the deployment; return the exit status."""
    if options.step and not sys.stdin.isatty():
        raise InputError(
            "--step",
            "asks before each stage, and there is no terminal to ask on",
            command_line(without="--step"),
        )
    with Session(prepared.project, prepared.deployment) as session:
        # The session logs in to the hosts while these are imported.
        from bootstrapper.commands.interactive import InteractiveFrontend
        from bootstrapper.deploy.journal.store import ProjectPushStore
        from bootstrapper.deploy.operations import start

        frontend = InteractiveFrontend(options, session)
        store = ProjectPushStore(prepared.project)
        return frontend.exit_status(operation(start, session, prepared, store, frontend))


def _words(words: list[str]) -> tuple[str, int | None]:
    """Return a deployment's name and a push's number, each of which may be missing."""
    numbers = [word for word in words if word.isdecimal()]
    names = [word for word in words if not word.isdecimal()]
    if len(numbers) > 1 or len(names) > 1:
        raise InputError(
            "rollback",
            f"takes a deployment and the number of a push, not {' '.join(words)}",
            f"{PROGRAM} pushes  # lists deployments and the numbers of pushes",
        )
    return (names[0] if names else ""), (int(numbers[0]) if numbers else None)


def _warn(options: argparse.Namespace, prepared: PreparedDeployment) -> None:
    """Print warnings about secrets on standard error."""
    for name, value in prepared.secrets.items():
        if (warning := secret.warning(name, value)) and options.verbosity >= 0:
            line = prepared.deployment.lines.get(name, 0)
            print(f"warning: {FILE}:{line}: {warning}", file=sys.stderr)
