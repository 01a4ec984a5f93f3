"""The command line: `python -m vendor_fetch [sync] | check | licenses | sbom | audit | export`."""

from bootstrapper.search_path import leave_current_directory

if __name__ == "__main__":
    leave_current_directory()

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence

from bootstrapper.arguments import CommandParser
from bootstrapper.errors import BootstrapperError, error_text
from bootstrapper.next_step import next_lines
from bootstrapper.progress import Progress
from vendor_fetch.commands import cache, changes, reports, upkeep, vendoring
from vendor_fetch.commands.options import common_options, directory_of, verbosity_of
from vendor_fetch.missing_tool import MissingTool
from vendor_fetch.own_tools import run_in_tools
from vendor_fetch.program import PROGRAM, retry_command, sync_command

EPILOG = """\
environment:
  VENDOR_FETCH_OFFLINE=1   take files from the cache only, never from an index
  VENDOR_FETCH_CACHE=DIR   the cache (default: ~/.cache/vendor_fetch)

Packages come from the index that uv, or else pip, is configured for.
Exit status: 0 done, 1 the work failed or something differs, 2 the command or a file that
people write is wrong, 130 interrupted. A second run in a project waits for the first.
"""


def parser(words: Sequence[str] | None = None) -> CommandParser:
    """Return the parser of all options and commands.

    With the `words` of a command line, commands that these do not need may be missing.
    """
    common = common_options()
    main_parser = CommandParser(
        prog=PROGRAM or "python -m vendor_fetch",
        parents=[common],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Fetch every file that a project needs into requirements/src/.",
    )
    main_parser.set_defaults(run=vendoring.run_sync)
    commands = main_parser.add_subparsers(dest="command", metavar="COMMAND")
    vendoring.add_parsers(commands, common)
    changes.add_parsers(commands, common)
    upkeep.add_parsers(commands, common)
    reports.add_parsers(commands, common)
    cache.add_parsers(commands, common)
    if words is not None and main_parser.needs_only_own_commands(words):
        return main_parser
    # Imported late: they are needed rarely, and import as much as all others together.
    from vendor_fetch.commands import adopt, template

    adopt.add_parsers(commands, common)
    template.add_parsers(commands, common)
    return main_parser


def _status(options: argparse.Namespace, verbosity: int) -> int:
    status: int = options.run(options, Progress(verbosity=verbosity))
    sys.stdout.flush()
    return status


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    options = parser(arguments).parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    verbosity = verbosity_of(options)
    try:
        try:
            return _status(options, verbosity)
        except MissingTool:
            run_in_tools(directory_of(options), arguments)
            raise
    except KeyboardInterrupt:
        print(
            f"interrupted; every locked file is still there\n{next_lines(sync_command())}",
            file=sys.stderr,
        )
        return 130
    except BrokenPipeError:
        # The reader has closed the pipe (`| head`). Python flushes standard output again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if verbosity > 0:
            traceback.print_exc()
        retry = retry_command()
        print(
            error_text(error, retry=retry, traceback=f"{retry} -v" if PROGRAM else ""),
            file=sys.stderr,
        )
        return error.status if isinstance(error, BootstrapperError) else 1


if __name__ == "__main__":
    sys.exit(main())
