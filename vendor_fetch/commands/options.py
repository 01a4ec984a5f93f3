"""The options of several commands, and the names that stand among them."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bootstrapper.arguments import CommandParser
from bootstrapper.errors import InputError
from bootstrapper.progress import Progress
from bootstrapper.spelling import did_you_mean
from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile, read
from bootstrapper.ve.standards.filename import canonical_name
from vendor_fetch.program import program_command
from vendor_fetch.project.project import APPS_IN, VendorProject, open_project


def common_options() -> CommandParser:
    """Return the parser of the options that stand before or after a command."""
    common = CommandParser(add_help=False)
    # Without defaults: the parser of a command would overwrite the options before the command.
    common.add_argument(
        "--project",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the project's directory (default: the current directory)",
    )
    volume = common.add_mutually_exclusive_group()
    volume.add_argument(
        "-q",
        "--quiet",
        action="store_const",
        const=-1,
        dest="verbosity",
        default=argparse.SUPPRESS,
        help="print errors only",
    )
    volume.add_argument(
        "-v",
        "--verbose",
        action="store_const",
        const=1,
        dest="verbosity",
        default=argparse.SUPPRESS,
        help="print the name of every file, and tracebacks",
    )
    return common


def add_now(parser: argparse.ArgumentParser) -> None:
    """Add the option that passes the cooldown."""
    parser.add_argument(
        "--now",
        action="store_true",
        default=argparse.SUPPRESS,
        help="take new versions however young they are, this time",
    )


def add_strict(parser: argparse.ArgumentParser) -> None:
    """Add the option that refuses files of another publisher."""
    parser.add_argument(
        "--strict",
        action="store_true",
        help="change nothing, and exit with 1, if a new file is not published by the publisher of "
        "the locked version, as the index states it",
    )


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add --dry-run and --json of the commands that change files."""
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would change, and change nothing"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def beside_json(options: argparse.Namespace, progress: Progress) -> Progress:
    """Return the progress that leaves standard output to the JSON."""
    as_json = getattr(options, "json", False)
    return Progress(sys.stderr, verbosity_of(options)) if as_json else progress


def project_of(options: argparse.Namespace) -> VendorProject:
    """Return the project that the options name. Raise InputError if there is none."""
    project = open_project(directory_of(options))
    if getattr(options, "now", False):
        return replace(project, cooldown=timedelta(0))
    return project


def directory_of(options: argparse.Namespace) -> Path:
    """Return the directory that the options name, or the current one."""
    directory: Path = getattr(options, "project", Path())
    return directory.absolute()


def verbosity_of(options: argparse.Namespace) -> int:
    """Return -1 for `--quiet`, 1 for `--verbose`, otherwise 0."""
    return int(getattr(options, "verbosity", 0))


def locked(project: VendorProject) -> list[LockedFile]:
    """Return the lines of both locks. Raise InputError for a faulty one."""
    return [file for lock in (APPS, TOOLS) for file in read(project.directory, lock)]


def vendored_name(name: str, files: Iterable[LockedFile]) -> str:
    """Return the canonical name of a vendored package. Raise InputError for another."""
    canonical = canonical_name(name)
    known = {file.distribution.name for file in files}
    if canonical not in known:
        raise InputError(
            name,
            f"is not vendored{did_you_mean(canonical, known)}",
            f"{program_command('size')}  # lists the vendored packages; {APPS_IN} asks for them",
        )
    return canonical
