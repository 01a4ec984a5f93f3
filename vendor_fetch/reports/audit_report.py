"""Print the result of an audit as lines or as JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bootstrapper.next_step import edit, next_lines
from bootstrapper.plain_text import single_line
from vendor_fetch.program import program_command
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.reports.advisories import Advisories
from vendor_fetch.reports.audit import Finding
from vendor_fetch.reports.settings import Ignore
from vendor_fetch.reports.table import counted

# Keys of the JSON; docs/reference.md prints these tables.
KEYS = {
    "advisories": "the advisories that were used: `place`, `records` (how many), `modified` (the "
    "time of the newest one) and `age_days`",
    "findings": "a list of vulnerabilities",
}
FINDING_KEYS = {
    "name, version": "the package",
    "ids": "all identifiers of the vulnerability",
    "summary, severity": "what the advisory says; empty if it does not",
    "chain": "the place of the request and the packages from there to this one; empty if no "
    "metadata says what needs it, as for some tarballs",
    "fixed": "the smallest later version that is not affected; empty if none is known",
    "ignored_until, reason": "the last day on which it is ignored, and why; null if it counts",
}
LONGEST_SUMMARY = 200


def audit_json(advisories: Advisories, found: Sequence[Finding], now: datetime) -> dict[str, Any]:
    """Return the result as a value of JSON."""
    return {
        "advisories": {
            "place": advisories.place,
            "records": len(advisories.records),
            "modified": advisories.modified.isoformat(),
            "age_days": advisories.age_in_days(now),
        },
        "findings": [
            {
                "name": each.name,
                "version": each.version,
                "ids": list(each.ids),
                "summary": each.summary,
                "severity": each.severity,
                "chain": list(each.chain),
                "fixed": each.fixed,
                "ignored_until": each.ignored.until.isoformat() if each.ignored else None,
                "reason": each.ignored.reason if each.ignored else None,
            }
            for each in found
        ],
    }


def age_line(advisories: Advisories, now: datetime) -> str:
    """Return the line that says how old the advisories are."""
    return single_line(
        f"{advisories.place}: {counted(len(advisories.records), 'advisory')}, the newest of "
        f"{advisories.modified:%Y-%m-%d}, {counted(advisories.age_in_days(now), 'day')} old"
    )


def audit_lines(
    advisories: Advisories, found: Sequence[Finding], now: datetime, upgrade: Sequence[str]
) -> Iterator[str]:
    """Yield the result as lines: the age of the advisories, the findings, and those ignored.

    `upgrade` are the words of the command that upgrades a package, before its name.
    """
    yield age_line(advisories, now)
    open_ones = [each for each in found if not each.ignored]
    for each in open_ones:
        yield from _finding(each, upgrade)
    for each in found:
        if each.ignored:
            yield single_line(f"{_title(each)}: {_ignored(each.ignored)}")
    ignored = len(found) - len(open_ones)
    others = f", {ignored} ignored" if ignored else ""
    if not open_ones:
        yield f"no {'other ' if ignored else ''}known vulnerability{others}"
        return
    packages = len({(each.name, each.version) for each in open_ones})
    yield (
        f"{counted(len(open_ones), 'known vulnerability')} in "
        f"{counted(packages, 'package')}{others}"
    )


def _finding(each: Finding, upgrade: Sequence[str]) -> Iterator[str]:
    severity = f" ({each.severity})" if each.severity else ""
    yield single_line(f"{_title(each)}{severity}")
    if each.summary:
        text = each.summary
        short = text if len(text) <= LONGEST_SUMMARY else f"{text[: LONGEST_SUMMARY - 1]}…"
        yield f"  what: {single_line(short)}"
    yield f"  why here: {single_line(_why(each))}"
    if each.fixed:
        yield f"  fixed in: {each.fixed}"
        yield next_lines(program_command(*upgrade, each.name))
    else:
        yield "  fixed in: no known version"
        yield next_lines(
            edit(
                APPS_IN,
                f"ask for another package; or: "
                f"{program_command('audit', '--ignore', each.ids[0], '--until', 'YYYY-MM-DD')}",
            )
        )


def _title(each: Finding) -> str:
    return f"{each.name} {each.version}: {', '.join(each.ids)}"


def _why(each: Finding) -> str:
    if not each.chain:
        return "no metadata says what asks for it (the build of a tarball may)"
    place, *names = each.chain
    return f"{place} asks for {', which needs '.join(names)}"


def _ignored(ignore: Ignore) -> str:
    reason = f" ({ignore.reason})" if ignore.reason else ""
    return f"ignored until {ignore.until}{reason}"
