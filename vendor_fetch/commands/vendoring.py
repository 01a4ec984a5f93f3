"""The commands `sync` and `check`."""

import argparse
import json
import sys
from typing import Any

from bootstrapper import plain_text
from bootstrapper.arguments import CommandParser
from bootstrapper.errors import InputError
from bootstrapper.next_step import next_lines
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, read
from vendor_fetch.commands.options import (
    add_dry_run,
    add_now,
    add_strict,
    beside_json,
    project_of,
)
from vendor_fetch.commands.outcome import report
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.graph.check import check_differences, files_of_rebuild
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import retry_command, sync_command
from vendor_fetch.project.project import VendorProject
from vendor_fetch.reports.table import counted
from vendor_fetch.sync.request import Request
from vendor_fetch.sync.sync import sync


def add_parsers(commands: Any, common: CommandParser) -> None:
    """Add the parsers of the commands; each sets `run`, which returns the exit status."""
    syncing = commands.add_parser(
        "sync",
        parents=[common],
        help="update requirements/src/ and the locks to what requirements/apps.in asks for "
        "(the default command)",
    )
    add_dry_run(syncing)
    add_now(syncing)
    add_strict(syncing)
    syncing.set_defaults(run=run_sync)
    checking = commands.add_parser(
        "check",
        parents=[common],
        help="print every difference between requirements/apps.in, the locks and "
        "requirements/src/; needs no network",
    )
    checking.add_argument(
        "--simulate",
        action="store_true",
        help="also print the files that the rebuild of each target takes, with the oldest micro "
        "version of its Python",
    )
    checking.add_argument(
        "--json", action="store_true", help="with --simulate, print JSON instead of tables"
    )
    checking.set_defaults(run=run_check)


def run_sync(options: argparse.Namespace, progress: Progress) -> int:
    """Bring the vendored files up to date."""
    project = project_of(options)
    # Without the word `sync`, there are none of its options.
    chosen = {name: getattr(options, name, False) for name in ("strict", "dry_run", "json")}
    request = Request(strict=chosen["strict"], dry_run=chosen["dry_run"])
    progress = beside_json(options, progress)
    index = configured_index(project.directory)
    outcome = sync(project, Cache(cache_directory()), index, progress, lambda: request)
    return report(outcome, progress, as_json=chosen["json"])


def run_check(options: argparse.Namespace, progress: Progress) -> int:
    """Print the differences; return 1 if there is one. `--simulate` prints the files as well."""
    project = project_of(options)
    if options.json and not options.simulate:
        raise InputError(
            "--json", "is for the files that --simulate prints", f"{retry_command()} --simulate"
        )
    differences = list(check_differences(project))
    # Only the files are for programs, so the differences go to standard error then.
    out = sys.stderr if options.json else sys.stdout
    for difference in differences:
        print(plain_text.lines(plain_text.without_next(difference)), file=out)
    if differences:
        count = f"{len(differences)} difference{'s' if len(differences) > 1 else ''}"
        print(f"{count}\n{next_lines(sync_command())}", file=out)
        return 1
    if options.simulate:
        print(_simulation(project, as_json=options.json))
    else:
        progress.say("requirements/src/ agrees with requirements/apps.in, apps.txt and tools.txt")
    return 0


def _simulation(project: VendorProject, *, as_json: bool) -> str:
    """Return the files that the rebuild of each target takes, as JSON or as text."""
    taken = {
        target: [str(file.path) for file in files_of_rebuild(files, project, target)]
        for files in [read(project.directory, APPS)]
        for target in project.targets
    }
    if as_json:
        rows = [
            {"python": target.python, "platform": target.platform, "files": files}
            for target, files in taken.items()
        ]
        return json.dumps({"targets": rows}, indent=2)
    lines = []
    for target, files in taken.items():
        size = sum((project.directory / file).stat().st_size for file in files) / 1e6
        lines += [
            f"{target}: {counted(len(files), 'file')}, {size:.1f} MB",
            *(f"  {file}" for file in files),
        ]
    return "\n".join(lines)
