"""The command line: `python -m vendor_fetch [sync] | check`."""

from bootstrapper.search_path import leave_current_directory

if __name__ == "__main__":
    leave_current_directory()

import argparse
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from bootstrapper import plain_text
from bootstrapper.arguments import CommandParser
from bootstrapper.errors import BootstrapperError, error_text
from bootstrapper.next_step import next_lines
from bootstrapper.progress import Progress
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.graph.check import check_differences
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import PROGRAM, retry_command, sync_command
from vendor_fetch.project.project import VendorProject, open_project
from vendor_fetch.sync.sync import sync

EPILOG = """\
environment:
  VENDOR_FETCH_OFFLINE=1   take files from the cache only, never from an index
  VENDOR_FETCH_CACHE=DIR   the cache (default: ~/.cache/vendor_fetch)

Packages come from the index that uv, or else pip, is configured for.
Exit status: 0 done, 1 the work failed or something differs, 2 the command or a file that
people write is wrong, 3 another run has locked the project, 130 interrupted.
"""


def parser() -> CommandParser:
    """Return the parser of all options and commands."""
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
    main_parser = CommandParser(
        prog=PROGRAM or "python -m vendor_fetch",
        parents=[common],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Fetch every file that a project needs into requirements/src/.",
    )
    commands = main_parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser(
        "sync",
        parents=[common],
        help="update requirements/src/ and the locks to what requirements/apps.in asks for "
        "(the default command)",
    )
    commands.add_parser(
        "check",
        parents=[common],
        help="print every difference between requirements/apps.in, the locks and "
        "requirements/src/; needs no network",
    )
    return main_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    verbosity = getattr(options, "verbosity", 0)
    progress = Progress(verbosity=verbosity)
    try:
        project = open_project(getattr(options, "project", Path()).absolute())
        if options.command == "check":
            return _check(project, progress)
        return sync(
            project, Cache(cache_directory()), configured_index(project.directory), progress
        )
    except KeyboardInterrupt:
        print(
            f"interrupted; every locked file is still there\n{next_lines(sync_command())}",
            file=sys.stderr,
        )
        return 130
    except Exception as error:
        if verbosity > 0:
            traceback.print_exc()
        retry = retry_command()
        print(
            error_text(error, retry=retry, traceback=f"{retry} -v" if PROGRAM else ""),
            file=sys.stderr,
        )
        return error.status if isinstance(error, BootstrapperError) else 1


def _check(project: VendorProject, progress: Progress) -> int:
    differences = list(check_differences(project))
    if not differences:
        progress.say("requirements/src/ agrees with requirements/apps.in, apps.txt and tools.txt")
        return 0
    for difference in differences:
        print(plain_text.lines(plain_text.without_next(difference)))
    count = f"{len(differences)} difference{'s' if len(differences) > 1 else ''}"
    print(f"{count}\n{next_lines(sync_command())}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
