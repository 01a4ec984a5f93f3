"""The commands `cache export` and `cache import`."""

import argparse
from pathlib import Path
from typing import Any

from bootstrapper.arguments import CommandParser
from bootstrapper.errors import InputError
from bootstrapper.next_step import existing
from bootstrapper.progress import Progress
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import APPS, TOOLS, read
from vendor_fetch.commands.options import project_of
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.download.cache_archive import Contents, read_archive, write_archive
from vendor_fetch.program import retry_command, sync_command

_KINDS = {
    "files": "vendored files",
    "tools": "packages of .tools/",
    "records": "answers of build backends",
    "git": "repositories",
}


def add_parsers(commands: Any, common: CommandParser) -> None:
    """Add the parser of the command; its own commands set `run`."""
    caching = commands.add_parser(
        "cache", parents=[common], help="carry the cache to a machine without a network"
    )
    actions = caching.add_subparsers(dest="action", metavar="ACTION", required=True)
    exporting = actions.add_parser(
        "export",
        parents=[common],
        help="write what this project needs to a file: its vendored files, and what vendoring "
        "itself runs with",
    )
    exporting.add_argument("file", type=Path, metavar="FILE", help="the file to write")
    exporting.add_argument(
        "--all", action="store_true", help="write the files of all projects that the cache has"
    )
    exporting.set_defaults(run=run_export)
    importing = actions.add_parser(
        "import", parents=[common], help="read a file of `cache export` into the cache"
    )
    importing.add_argument("file", type=Path, metavar="FILE", help="the file to read")
    importing.set_defaults(run=run_import)


def run_export(options: argparse.Namespace, progress: Progress) -> int:
    """Write the cache to a file."""
    cache = Cache(cache_directory())
    path = options.file.absolute()
    if not path.parent.is_dir():
        above = next(each for each in path.parents if each.exists())
        next_step = f"mkdir -p {quoted(str(path.parent))} && {retry_command()}"
        if not above.is_dir():
            next_step = (
                f"ls -l {quoted(str(above))}  # name another directory than in: {retry_command()}"
            )
        raise InputError(str(path.parent), "is no directory", next_step)
    hashes = None
    if not options.all:
        project = project_of(options)
        files = [file for lock in (APPS, TOOLS) for file in read(project.directory, lock)]
        for file in files:
            place = project.directory / file.path
            if place.is_file():
                cache.keep(place, file.sha256)
        hashes = {sha256 for file in files for sha256 in file.sha256}
    _report(write_archive(path, cache, hashes), progress)
    return 0


def run_import(options: argparse.Namespace, progress: Progress) -> int:
    """Read a file into the cache."""
    path = options.file.absolute()
    if not path.is_file():
        raise InputError(str(path), "there is no such file", f"ls {existing(path.parent)}")
    _report(read_archive(path, Cache(cache_directory())), progress)
    progress.say(f"To vendor from the cache alone: env VENDOR_FETCH_OFFLINE=1 {sync_command()}")
    return 0


def _report(contents: Contents, progress: Progress) -> None:
    for kind, count in contents.counts.items():
        progress.say(f"{count:>5} {_KINDS[kind]}")
    progress.say(f"{contents.size / 1e6:.1f} MB")
