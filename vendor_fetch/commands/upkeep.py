"""The commands `outdated`, `why` and `size`, which look at what is vendored."""

import argparse
from datetime import UTC, datetime
from typing import Any

from bootstrapper.arguments import CommandParser
from bootstrapper.next_step import next_lines
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, read
from vendor_fetch.commands.options import locked, project_of, vendored_name
from vendor_fetch.graph.chains import Chains
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import program_command
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.reports.distributions import distributions
from vendor_fetch.reports.table import counted, json_text, table
from vendor_fetch.upkeep.outdated import outdated


def add_parsers(commands: Any, common: CommandParser) -> None:
    """Add the parsers of the commands; each sets `run`, which returns the exit status."""
    looking = commands.add_parser(
        "outdated",
        parents=[common],
        help="print the packages of which the index has newer versions",
    )
    looking.add_argument("--json", action="store_true", help="print JSON")
    looking.set_defaults(run=run_outdated)

    asking = commands.add_parser(
        "why", parents=[common], help="print what asks for a vendored package"
    )
    asking.add_argument("name", metavar="NAME", help="a vendored package")
    asking.add_argument("--json", action="store_true", help="print JSON")
    asking.set_defaults(run=run_why)

    weighing = commands.add_parser(
        "size", parents=[common], help="print the size of each vendored package"
    )
    weighing.add_argument("--json", action="store_true", help="print JSON")
    weighing.set_defaults(run=run_size)


def run_outdated(options: argparse.Namespace, progress: Progress) -> int:
    """Print the packages with newer versions; the index is asked."""
    project = project_of(options)
    index = configured_index(project.directory)
    # A vendored file that apps.in names by its path is in no index.
    own = {requirement.name for requirement in apps_in(project.directory) if requirement.path}
    files = [file for file in read(project.directory, APPS) if file.distribution.name not in own]
    found = outdated(project, files, index)
    now = datetime.now(UTC)
    ages = [(now - each.uploaded).days if each.uploaded else None for each in found]
    if options.json:
        rows = [
            {
                "name": each.name,
                "locked": each.locked,
                "allowed": each.allowed,
                "newest": each.newest,
                "newest_age_days": age,
            }
            for each, age in zip(found, ages, strict=True)
        ]
        print(json_text(rows))
        return 0
    young = [
        each
        for each in found
        if each.allowed == each.newest and each.uploaded and now - each.uploaded < project.cooldown
    ]
    cells = [
        (
            each.name,
            each.locked,
            each.allowed,
            each.newest,
            (counted(age, "day") if age is not None else "")
            + (", held back by cooldown" if each in young else ""),
        )
        for each, age in zip(found, ages, strict=True)
    ]
    if not cells:
        progress.say("Every package has its newest version")
        return 0
    for line in table([("package", "locked", "allowed", "newest", "age of the newest"), *cells]):
        print(line)
    words = ["upgrade", *(["--now"] if len(young) == len(found) else [])]
    print(next_lines(f"{program_command(*words)}  # to the allowed versions; or name packages"))
    return 0


def run_why(options: argparse.Namespace, progress: Progress) -> int:
    """Print the chain from apps.in to a package."""
    project = project_of(options)
    files = locked(project)
    name = vendored_name(options.name, files)
    chains = Chains(project, files, tools=True)
    found = [
        {
            "name": name,
            "version": each.version,
            "chain": chains.to(name, each.version),
            "required_by": sorted(
                {
                    requester
                    for (requester, _), edges in chains.edges.items()
                    if (name, each.version) in edges
                }
            ),
        }
        for each in distributions(files)
        if each.name == name
    ]
    if options.json:
        print(json_text(found))
        return 0
    for each in found:
        chain = " -> ".join(each["chain"]) or "nothing in the metadata asks for it"
        print(f"{name} {each['version']}: {chain}")
        if each["required_by"]:
            print(f"  required by {', '.join(each['required_by'])}")
    return 0


def run_size(options: argparse.Namespace, progress: Progress) -> int:
    """Print the sizes of the packages, the largest first."""
    project = project_of(options)
    rows = sorted(
        (
            (sum((project.directory / file.path).stat().st_size for file in each.files), each)
            for each in distributions(locked(project))
        ),
        key=lambda row: (-row[0], row[1].name),
    )
    if options.json:
        print(
            json_text(
                [
                    {
                        "name": each.name,
                        "version": each.version,
                        "bytes": size,
                        "files": [str(file.path) for file in each.files],
                    }
                    for size, each in rows
                ]
            )
        )
        return 0
    cells = [
        (each.name, each.version, counted(len(each.files), "file"), f"{size / 1e6:8.2f} MB")
        for size, each in rows
    ]
    for line in table([("package", "version", "files", "     size"), *cells]):
        print(line)
    print(f"{counted(len(rows), 'package')}, {sum(size for size, _ in rows) / 1e6:.1f} MB")
    return 0
