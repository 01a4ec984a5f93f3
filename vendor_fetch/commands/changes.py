"""The commands `add`, `remove` and `upgrade`, which change what is vendored."""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bootstrapper import plain_text
from bootstrapper.arguments import CommandParser
from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.next_step import edit
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, TOOLS
from vendor_fetch.commands.libraries import libraries
from vendor_fetch.commands.options import (
    add_dry_run,
    add_now,
    add_strict,
    beside_json,
    locked,
    project_of,
    vendored_name,
)
from vendor_fetch.commands.outcome import IN_SYNC, report
from vendor_fetch.direct.direct_files import SamePackage
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import program_command
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.apps_in_edit import add_requirements, remove_requirements
from vendor_fetch.project.direct_reference import parse_line
from vendor_fetch.project.locks import read_lock
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.sync.request import Request
from vendor_fetch.sync.sync import sync
from vendor_fetch.upkeep.look_alike import look_alike


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
    adding.add_argument(
        "--yes",
        action="store_true",
        help="add a package without a question, even if its name resembles that of a vendored one",
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
    upgrading.add_argument(
        "--security",
        action="store_true",
        help="update only packages with a known vulnerability, each to the smallest version without "
        "one; cooldown does not hold these versions back",
    )
    upgrading.add_argument(
        "--advisories",
        type=Path,
        metavar="FILE",
        help="with --security, a zip file or a directory of OSV records, instead of the project's "
        "setting",
    )
    upgrading.add_argument(
        "--max-age",
        metavar="AGE",
        help="with --security, refuse advisories whose newest record is older than this, such as "
        '"30 days"',
    )
    upgrading.set_defaults(run=run_upgrade)
    for changing in (adding, removing, upgrading):
        add_dry_run(changing)
        add_now(changing)
    for changing in (adding, upgrading):
        add_strict(changing)


def run_upgrade(options: argparse.Namespace, progress: Progress) -> int:
    """Update versions in the lock and the vendored files."""
    project = project_of(options)
    if options.security:
        return _run_security(project, options, progress)
    for option in ("advisories", "max_age"):
        if getattr(options, option) is not None:
            raise InputError(
                f"--{option.replace('_', '-')}",
                "is for the advisories of --security",
                program_command("upgrade", *options.names, "--security"),
            )

    def prepare() -> Request:
        files = locked(project)
        names = frozenset(vendored_name(name, files) for name in options.names)
        return Request(
            free=names, upgrade_all=not names, dry_run=options.dry_run, strict=options.strict
        )

    return _sync(project, prepare, options, progress)


def run_add(options: argparse.Namespace, progress: Progress) -> int:
    """Add lines to apps.in, and vendor what they ask for."""
    project = project_of(options)
    # It finds wrong requirements before the user is asked.
    add_requirements(project.directory, options.requirements)
    asked = {text: parse_line(text) for text in options.requirements}
    # What an address has is no package of the index.
    names = {each.name for each in asked.values() if not (each.url or each.path)}
    if not options.yes:
        for name in sorted(names - _locked_names(project)):
            if not _is_wanted(name, project, options, progress):
                beside_json(options, progress).say("nothing was changed")
                return 1

    found: dict[str, str] = {}  # the packages that addresses without a name have led to

    def prepare() -> Request:
        return Request(
            edits=add_requirements(project.directory, options.requirements, found),
            named=frozenset(names),
            introduced=frozenset(names - _locked_names(project)),
            dry_run=options.dry_run,
            strict=options.strict,
        )

    while True:
        try:
            return _sync(project, prepare, options, progress)
        except SamePackage as error:
            urls = {text: each.url for text, each in asked.items() if not each.name}
            new = {text for text, url in urls.items() if url in error.urls} - found.keys()
            if not new:
                raise _without_change(error, options) from None
            found |= dict.fromkeys(new, error.name)
        except (InputError, WorkFailed) as error:
            raise _without_change(error, options) from None


def _without_change(
    error: InputError | WorkFailed, options: argparse.Namespace
) -> InputError | WorkFailed:
    """Return the error of `add` for apps.in as it is: without the lines to be added."""
    opening, _, change = error.next_step.partition("  # ")
    if opening != edit(APPS_IN, "").partition("  # ")[0]:
        return error
    change = change.rpartition(", then: ")[0] or change
    return type(error)(
        error.where,
        f"{error.fault}\n    nothing was changed; the numbers count the new lines of {APPS_IN}, too",
        f"{program_command('add', *options.requirements)}  # with a change: {change}",
    )


def run_remove(options: argparse.Namespace, progress: Progress) -> int:
    """Remove lines of apps.in, and the files that nothing else asks for."""
    project = project_of(options)

    def prepare() -> Request:
        edits = remove_requirements(project.directory, options.names)
        return Request(edits=edits, dry_run=options.dry_run)

    return _sync(project, prepare, options, progress)


def _run_security(project: VendorProject, options: argparse.Namespace, progress: Progress) -> int:
    """Upgrade the packages with a known vulnerability; return 1 if apps.in forbids an upgrade."""
    with libraries():
        from vendor_fetch.reports.audit_report import age_line
        from vendor_fetch.reports.distributions import locked_files
        from vendor_fetch.reports.project_audit import audited, usable_advisories, version_audit
        from vendor_fetch.upkeep.security import security_plan
    progress = beside_json(options, progress)
    now = datetime.now(UTC)
    with libraries():
        advisories = usable_advisories(project, options.advisories, options.max_age, now, progress)
    progress.say(age_line(advisories, now))
    refusals: list[WorkFailed] = []

    def prepare() -> Request | None:
        files = locked_files(project.directory, tools=True)
        names = {vendored_name(name, files) for name in options.names}
        found = [
            each
            for each in audited(project, files, advisories, (), now, tools=True)
            if not each.ignored and (not names or each.name in names)
        ]
        if not found:
            progress.say("No known advisory")
            return None
        plan = security_plan(
            project,
            files,
            found,
            version_audit(project, advisories, now),
            configured_index(project.directory),
        )
        refusals.extend(plan.refusals)
        for name, fix in plan.fixes.items():
            ids = ", ".join(dict.fromkeys(each.ids[0] for each in found if each.name == name))
            progress.say(plain_text.single_line(f"{name} {fix.version} is not affected by {ids}"))
        if not plan.fixes:
            return None
        return Request(fixes=plan.fixes, dry_run=options.dry_run, strict=options.strict)

    status = _sync(project, prepare, options, progress, nothing="")
    if len(refusals) > 1:
        raise WorkFailed.listing(
            str(APPS_IN),
            f"{len(refusals)} packages keep a known advisory",
            program_command("audit"),
            refusals,
        )
    for refusal in refusals:
        raise refusal
    return status


def _sync(
    project: VendorProject,
    prepare: Callable[[], Request | None],
    options: argparse.Namespace,
    progress: Progress,
    *,
    nothing: str = IN_SYNC,
) -> int:
    progress = beside_json(options, progress)
    index = configured_index(project.directory)
    outcome = sync(project, Cache(cache_directory()), index, progress, prepare)
    return report(outcome, progress, nothing=nothing, as_json=options.json)


def _is_wanted(
    name: str, project: VendorProject, options: argparse.Namespace, progress: Progress
) -> bool:
    """Return whether the user wants a package that no lock has. Ask if its name resembles another.

    Raise InputError if there is no terminal to ask at.
    """
    asked = {requirement.name for requirement in apps_in(project.directory)}
    vendored = _locked_names(project)
    if name in asked or not (other := look_alike(name, vendored | asked)):
        return True
    reason = "which is vendored" if other in vendored else f"which {APPS_IN} asks for"
    fault = f"{name} is one letter away from {other}, {reason}"
    if not sys.stdin or not sys.stdin.isatty():
        raise InputError(
            name,
            fault.removeprefix(f"{name} "),
            f"{program_command('add', *options.requirements, '--yes')}  # if it is meant",
        )
    beside_json(options, progress).prompt(f"{fault}. Add it? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _locked_names(project: VendorProject) -> set[str]:
    return {
        file.distribution.name
        for lock in (APPS, TOOLS)
        for file in read_lock(project.directory, lock).files
    }
