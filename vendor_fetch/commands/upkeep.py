"""The commands `add`, `remove`, `upgrade`, `outdated`, `why` and `size`."""

import argparse
from datetime import UTC, datetime
from typing import Any

from bootstrapper.arguments import CommandParser
from bootstrapper.errors import InputError
from bootstrapper.next_step import next_lines
from bootstrapper.progress import Progress
from bootstrapper.spelling import did_you_mean
from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile, read
from bootstrapper.ve.standards.filename import canonical_name
from vendor_fetch.commands.options import add_now, project_of
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.graph.chains import Chains
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import program_command
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.apps_in_edit import add_requirements, remove_requirements
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.reports.distributions import distributions
from vendor_fetch.reports.table import counted, json_text, table
from vendor_fetch.sync.sync import Request, sync
from vendor_fetch.upkeep.outdated import outdated


def add_parsers(commands: Any, common: CommandParser) -> None:
    """Add the parsers of the commands; each sets `run`, which returns the exit status."""
    adding = commands.add_parser(
        "add",
        parents=[common],
        help="add requirements to requirements/apps.in, and vendor what they ask for",
    )
    adding.add_argument(
        "requirements",
        nargs="+",
        metavar="REQUIREMENT",
        help='such as "Pillow>=12"; it replaces a line for the same package',
    )
    adding.set_defaults(run=run_add)
    removing = commands.add_parser(
        "remove",
        parents=[common],
        help="remove the lines for packages from requirements/apps.in, and the files that nothing "
        "else asks for",
    )
    removing.add_argument(
        "names", nargs="+", metavar="NAME", help="a package of requirements/apps.in"
    )
    removing.set_defaults(run=run_remove)
    upgrading = commands.add_parser(
        "upgrade",
        parents=[common],
        help="update the named packages, or all, to the newest versions that requirements/apps.in "
        "allows; other packages move only if they must",
    )
    upgrading.add_argument("names", nargs="*", metavar="NAME", help="a vendored package")
    for changing in (adding, removing, upgrading):
        changing.add_argument(
            "--dry-run", action="store_true", help="print what would change, and change nothing"
        )
        add_now(changing)
    upgrading.set_defaults(run=run_upgrade)

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


def run_upgrade(options: argparse.Namespace, progress: Progress) -> int:
    """Update versions in the lock and the vendored files."""
    project = project_of(options)
    files = _locked(project)
    names = frozenset(_vendored_name(name, files) for name in options.names)
    request = Request(free=names, upgrade_all=not names, dry_run=options.dry_run)
    return _sync(project, request, progress)


def run_add(options: argparse.Namespace, progress: Progress) -> int:
    """Add lines to apps.in, and vendor what they ask for."""
    project = project_of(options)
    edits = add_requirements(project.directory, options.requirements)
    return _sync(project, Request(edits=edits, dry_run=options.dry_run), progress)


def run_remove(options: argparse.Namespace, progress: Progress) -> int:
    """Remove lines of apps.in, and the files that nothing else asks for."""
    project = project_of(options)
    edits = remove_requirements(project.directory, options.names)
    return _sync(project, Request(edits=edits, dry_run=options.dry_run), progress)


def _sync(project: VendorProject, request: Request, progress: Progress) -> int:
    index = configured_index(project.directory)
    return sync(project, Cache(cache_directory()), index, progress, request)


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
    cells = [
        (
            each.name,
            each.locked,
            each.allowed,
            each.newest,
            counted(age, "day") if age is not None else "",
        )
        for each, age in zip(found, ages, strict=True)
    ]
    if not cells:
        progress.say("Every package has its newest version")
        return 0
    for line in table([("package", "locked", "allowed", "newest", "age of the newest"), *cells]):
        print(line)
    print(next_lines(f"{program_command('upgrade')}  # to the allowed versions; or name packages"))
    return 0


def run_why(options: argparse.Namespace, progress: Progress) -> int:
    """Print the chain from apps.in to a package."""
    project = project_of(options)
    files = _locked(project)
    name = _vendored_name(options.name, files)
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
            for each in distributions(_locked(project))
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


def _locked(project: VendorProject) -> list[LockedFile]:
    return [file for lock in (APPS, TOOLS) for file in read(project.directory, lock)]


def _vendored_name(name: str, files: list[LockedFile]) -> str:
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
