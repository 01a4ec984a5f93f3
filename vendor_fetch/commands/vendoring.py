"""The commands `sync` and `check`."""

import argparse
from typing import Any

from bootstrapper import plain_text
from bootstrapper.arguments import CommandParser
from bootstrapper.next_step import next_lines
from bootstrapper.progress import Progress
from vendor_fetch.commands.options import project_of
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.graph.check import check_differences
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import sync_command
from vendor_fetch.sync.sync import sync


def add_parsers(commands: Any, common: CommandParser) -> None:
    """Add the parsers of the commands; each sets `run`, which returns the exit status."""
    syncing = commands.add_parser(
        "sync",
        parents=[common],
        help="update requirements/src/ and the locks to what requirements/apps.in asks for "
        "(the default command)",
    )
    syncing.set_defaults(run=run_sync)
    checking = commands.add_parser(
        "check",
        parents=[common],
        help="print every difference between requirements/apps.in, the locks and "
        "requirements/src/; needs no network",
    )
    checking.set_defaults(run=run_check)


def run_sync(options: argparse.Namespace, progress: Progress) -> int:
    """Bring the vendored files up to date."""
    project = project_of(options)
    return sync(project, Cache(cache_directory()), configured_index(project.directory), progress)


def run_check(options: argparse.Namespace, progress: Progress) -> int:
    """Print the differences; return 1 if there is one."""
    differences = list(check_differences(project_of(options)))
    if not differences:
        progress.say("requirements/src/ agrees with requirements/apps.in, apps.txt and tools.txt")
        return 0
    for difference in differences:
        print(plain_text.lines(plain_text.without_next(difference)))
    count = f"{len(differences)} difference{'s' if len(differences) > 1 else ''}"
    print(f"{count}\n{next_lines(sync_command())}")
    return 1
