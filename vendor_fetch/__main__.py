"""The command line: `python -m vendor_fetch [sync] | check`."""

from bootstrapper.errors import error_text
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
from bootstrapper.errors import BootstrapperError
from bootstrapper.progress import Progress
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.graph.check import check_differences
from vendor_fetch.index.index import configured_index
from vendor_fetch.project.project import VendorProject, open_project
from vendor_fetch.sync.sync import sync

EPILOG = """\
environment:
  VENDOR_FETCH_OFFLINE=1   take files from the cache only, never from an index
  VENDOR_FETCH_CACHE=DIR   the cache, usually ~/.cache/vendor_fetch

Packages come from the index that uv, or else pip, is configured for.
Exit status: 0 done, 1 the work failed or something differs, 2 the command or a file that
people write is wrong, 3 another run is at work, 130 interrupted.
"""


def parser() -> argparse.ArgumentParser:
    """The options and commands."""
    common = argparse.ArgumentParser(add_help=False)
    # Without a default, so that a command doesn't undo what was said before it.
    common.add_argument(
        "--project",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the project's directory (default: this one)",
    )
    volume = common.add_mutually_exclusive_group()
    volume.add_argument(
        "-q",
        "--quiet",
        action="store_const",
        const=-1,
        dest="verbosity",
        default=argparse.SUPPRESS,
        help="say nothing but errors",
    )
    volume.add_argument(
        "-v",
        "--verbose",
        action="store_const",
        const=1,
        dest="verbosity",
        default=argparse.SUPPRESS,
        help="name every file, show tracebacks",
    )
    main_parser = argparse.ArgumentParser(
        prog="python -m vendor_fetch",
        parents=[common],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Fetch every file that a project needs into requirements/src/.",
    )
    commands = main_parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser(
        "sync",
        parents=[common],
        help="make requirements/src/ and the locks "
        "agree with requirements/apps.in (what it does without a command)",
    )
    commands.add_parser("check", parents=[common], help="say every difference between them")
    return main_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
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
            "interrupted; what was locked is still there\n  next: python -m vendor_fetch sync",
            file=sys.stderr,
        )
        return 130
    except Exception as error:
        if verbosity > 0:
            traceback.print_exc()
        print(error_text(error), file=sys.stderr)
        return error.status if isinstance(error, BootstrapperError) else 1


def _check(project: VendorProject, progress: Progress) -> int:
    found = list(check_differences(project))
    for each in found:
        print(plain_text.lines(str(each)))
    if found:
        print(
            f"{len(found)} difference{'s' if len(found) > 1 else ''}\n"
            "  next: python -m vendor_fetch sync"
        )
        return 1
    progress.say("requirements/src/ agrees with requirements/apps.in, apps.txt and tools.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
