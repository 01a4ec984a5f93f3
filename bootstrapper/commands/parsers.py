"""Options that commands share."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrapper.program import from_project

# What the command calls itself, unless `./bootstrap.py` runs it.
PROGRAM = "bootstrapper"

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = object


def verbosity_parser() -> argparse.ArgumentParser:
    """Return a parser of `-q` and `-v`: options.verbosity is -1, 0 or 1."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument(
        "-q",
        dest="verbosity",
        action="store_const",
        const=-1,
        default=0,
        help="print only errors",
    )
    volume.add_argument(
        "-v",
        dest="verbosity",
        action="store_const",
        const=1,
        help="print everything, and tracebacks",
    )
    return parser


def project_parser() -> argparse.ArgumentParser:
    """Return a parser of `-q`, `-v` and `--project DIRECTORY`."""
    parser = argparse.ArgumentParser(
        add_help=False, allow_abbrev=False, parents=[verbosity_parser()]
    )
    parser.add_argument(
        "--project",
        type=lambda directory: Path(from_project(directory)),
        default=Path(),
        metavar="DIRECTORY",
        help="the project (default: the current directory)",
    )
    return parser


def deployment_parser(
    default: str = "the default deployment of deploy/deployments.toml",
) -> argparse.ArgumentParser:
    """Return a parser of `[DEPLOYMENT]` and the options of the project.

    options.deployment is empty if the command names none; `default` says what that means.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, parents=[project_parser()])
    parser.add_argument(
        "deployment",
        nargs="?",
        default="",
        metavar="DEPLOYMENT",
        help=f"the name of a deployment (default: {default})",
    )
    return parser
