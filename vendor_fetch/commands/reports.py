"""The commands `licenses`, `sbom`, `audit` and `export`, which read the vendored files alone."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bootstrapper import plain_text
from bootstrapper.arguments import CommandParser
from bootstrapper.errors import InputError
from bootstrapper.next_step import edit, next_lines
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, TOOLS
from vendor_fetch.atomic_file import write_file
from vendor_fetch.commands.libraries import libraries
from vendor_fetch.commands.options import project_of, verbosity_of
from vendor_fetch.graph.chains import Chains
from vendor_fetch.graph.micro_versions import every_version
from vendor_fetch.program import program_command
from vendor_fetch.reports.distributions import (
    distributions,
    locked_files,
    vendored_packages,
)
from vendor_fetch.reports.export import (
    FORMATS,
    pylock,
    refuse_existing,
    refuse_name,
    refuse_two_versions,
    requirements,
    write_wheelhouse,
)
from vendor_fetch.reports.ignores import Ignoring, ignores
from vendor_fetch.reports.settings import read_settings
from vendor_fetch.reports.table import counted, json_text


def add_parsers(commands: Any, common: CommandParser) -> None:
    """Add the parsers of the commands; each sets `run`, which returns the exit status."""
    files = CommandParser(add_help=False)
    files.add_argument(
        "--tools", action="store_true", help="include what bootstrap.py itself runs with"
    )
    licensing = commands.add_parser(
        "licenses",
        parents=[common, files],
        help="print the license of each vendored package, and exit with 1 if one is not allowed",
    )
    licensing.add_argument("--json", action="store_true", help="print JSON")
    licensing.add_argument(
        "--allow",
        action="append",
        metavar="LICENSE",
        default=[],
        help="an allowed license (SPDX identifier), or several with commas; can be repeated. "
        "It replaces allowed-licenses of pyproject.toml",
    )
    licensing.add_argument(
        "--fail-unknown",
        action="store_true",
        help="exit with 1 if a license is not known, even if all licenses are allowed",
    )
    licensing.set_defaults(run=run_licenses)
    listing = commands.add_parser(
        "sbom",
        parents=[common, files],
        help="print a software bill of materials (CycloneDX 1.6 JSON) of the vendored files",
    )
    listing.add_argument("--output", type=Path, metavar="FILE", help="write it into a file")
    listing.set_defaults(run=run_sbom)
    auditing = commands.add_parser(
        "audit",
        parents=[common, files],
        help="print the known vulnerabilities of the vendored packages, and exit with 1 if there is "
        "one",
    )
    auditing.add_argument("--json", action="store_true", help="print JSON")
    auditing.add_argument(
        "--advisories",
        type=Path,
        metavar="FILE",
        help="a zip file or a directory of OSV records, instead of the project's setting",
    )
    auditing.add_argument(
        "--max-age",
        metavar="AGE",
        help='refuse advisories whose newest record is older than this, such as "30 days"',
    )
    auditing.add_argument(
        "--ignore",
        action=Ignoring,
        metavar="ID",
        help="list findings with this id (CVE, GHSA, PYSEC) as ignored; can be repeated",
    )
    auditing.add_argument(
        "--until",
        action=Ignoring,
        metavar="DATE",
        help="the last day (YYYY-MM-DD) of the --ignore before it, which needs one",
    )
    auditing.set_defaults(run=run_audit, ignoring=[])
    exporting = commands.add_parser(
        "export",
        parents=[common, files],
        help="write the lock as pylock.toml (PEP 751) or as a requirements file with hashes, or copy "
        "the files into a wheelhouse",
    )
    exporting.add_argument(
        "--format",
        choices=FORMATS,
        required=True,
        metavar="FORMAT",
        help="pylock, requirements or wheelhouse",
    )
    exporting.add_argument(
        "--output",
        type=Path,
        metavar="PATH",
        help="the file to write (default: print it), or the new directory of a wheelhouse",
    )
    exporting.set_defaults(run=run_export)


def run_licenses(options: argparse.Namespace, progress: Progress) -> int:
    """Print the licenses; return 1 if one is not allowed."""
    with libraries():
        from vendor_fetch.reports.license_report import license_json, license_lines
        from vendor_fetch.reports.licenses import (
            allowed_licenses,
            judged,
            licenses,
            overridden,
        )
    project = project_of(options)
    settings = read_settings(project.directory)
    allowed = allowed_licenses(options.allow, settings, project.directory)
    vendored = distributions(locked_files(project.directory, tools=options.tools))
    found = overridden(licenses(project.directory, vendored), settings, project.directory)
    rows = list(judged(vendored, found, allowed, fail_unknown=options.fail_unknown))
    for name in sorted(settings.overrides.keys() - vendored_packages(project.directory)):
        _warn(
            f"pyproject.toml: [tool.vendor_fetch.licenses] has {name}, which is not vendored",
            edit("pyproject.toml", "remove it"),
        )
    if options.json:
        print(json_text(license_json(rows)))
    else:
        for line in license_lines(rows):
            print(line)
    return 1 if any(row.refusal for row in rows) else 0


def run_sbom(options: argparse.Namespace, progress: Progress) -> int:
    """Print the SBOM, or write it into a file."""
    with libraries():
        from vendor_fetch.reports.licenses import licenses, overridden
        from vendor_fetch.reports.sbom import sbom
    project = project_of(options)
    files = locked_files(project.directory, tools=options.tools)
    vendored = distributions(files)
    found = overridden(
        licenses(project.directory, vendored), read_settings(project.directory), project.directory
    )
    text = sbom(project.directory, vendored, found, Chains(project, files, tools=options.tools))
    if options.output:
        write_file(options.output, text.encode())
        progress.say(f"{options.output}: {counted(len(vendored), 'package')}")
    else:
        print(text, end="")
    return 0


def run_audit(options: argparse.Namespace, progress: Progress) -> int:
    """Print the vulnerabilities; return 1 if there is one that is not ignored."""
    with libraries():
        from vendor_fetch.reports.audit_report import audit_json, audit_lines
        from vendor_fetch.reports.project_audit import audited, usable_advisories
    project = project_of(options)
    ignoring = ignores(options.ignoring)
    files = locked_files(project.directory, tools=options.tools)
    now = datetime.now(UTC)
    with libraries():
        advisories = usable_advisories(
            project,
            options.advisories,
            options.max_age,
            now,
            Progress(sys.stderr, verbosity_of(options)),
        )
    found = audited(project, files, advisories, ignoring, now, tools=options.tools)
    if options.json:
        print(json_text(audit_json(advisories, found, now)))
    else:
        # Security upgrades pass the cooldown.
        upgrade = ["upgrade", "--security"]
        if options.advisories:
            upgrade += ["--advisories", str(options.advisories)]
        for line in audit_lines(advisories, found, now, upgrade):
            print(line)
    return 1 if any(not each.ignored for each in found) else 0


def run_export(options: argparse.Namespace, progress: Progress) -> int:
    """Write the lock in another format."""
    project = project_of(options)
    output: Path | None = options.output and options.output.absolute()
    if options.format == "wheelhouse":
        if output is None:
            raise InputError(
                "export",
                "a wheelhouse is a directory: --output has to name it",
                program_command("export", "--format", "wheelhouse", "--output", "wheelhouse"),
            )
        refuse_existing(output)
    elif options.format == "pylock" and output:
        refuse_name(output)
    files = locked_files(project.directory, tools=options.tools)
    if options.format == "wheelhouse" and output:
        lists = {"requirements.txt": [file for file in files if file.lock == str(APPS)]}
        if options.tools:
            lists["tools.txt"] = [file for file in files if file.lock == str(TOOLS)]
        count = write_wheelhouse(project.directory, lists, output)
        progress.say(f"{options.output}: {counted(count, 'file')}, {' and '.join(lists)}")
        return 0
    vendored = distributions(files)
    markers = [file.marker for file in files if file.marker]
    refuse_two_versions(vendored, every_version(project.targets, markers))
    if options.format == "pylock":
        text = pylock(project.directory, vendored, output.parent if output else Path.cwd())
    else:
        text = requirements(vendored)
    if output:
        write_file(output, text.encode())
        progress.say(f"{options.output}: {counted(len(vendored), 'package')}")
    else:
        print(text, end="")
    return 0


def _warn(fault: str, next_step: str) -> None:
    text = plain_text.lines(plain_text.without_next(fault))
    print(f"warning: {text}\n{next_lines(next_step)}", file=sys.stderr)
