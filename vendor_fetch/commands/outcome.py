"""Print what a command has changed: as a table for people, or as JSON for programs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bootstrapper import plain_text
from bootstrapper.next_step import next_lines
from bootstrapper.progress import Progress
from vendor_fetch.reports.table import counted, json_text, table
from vendor_fetch.sync.changes import Change
from vendor_fetch.sync.request import Outcome
from vendor_fetch.upkeep.django import next_steps, release_notes

IN_SYNC = "Nothing to do: requirements/src/ agrees with requirements/apps.in"
_MOST_NAMES = 3
# Keys of the JSON; docs/reference.md prints these tables.
KEYS = {
    "changes": "a list of packages",
    "warnings": "a list of lines, which the command prints below its table otherwise",
    "dry_run": "whether nothing was changed",
}
CHANGE_KEYS = {
    "name": "the package",
    "old, new": "its versions before and after, with commas if targets need different ones; null if "
    "it was not there, or is no longer there",
    "bytes": "the size of its files; of a removed package, the freed size as a negative number",
    "age_days": "how long ago the index got the youngest new file; null if it does not say, or if no "
    "file is new",
    "publisher": "who published the new files, as the index states it; null if it does not",
    "why": 'the line of apps.in, the packages that ask for it, or "tools"; empty for a removed package',
    "files": "the paths of its files",
}


def report(
    outcome: Outcome | None, progress: Progress, *, nothing: str = IN_SYNC, as_json: bool = False
) -> int:
    """Print what a sync has done, or the line `nothing` for None. Return the exit status.

    `progress` prints everything but the JSON.
    """
    if as_json:
        print(json_text(outcome_json(outcome or Outcome(), datetime.now(UTC))))
    if outcome is None:
        if nothing:
            progress.say(nothing)
        return 0
    if not as_json:
        for line in outcome_lines(outcome, datetime.now(UTC)):
            progress.say(line)
    if not outcome.dry_run:
        _say_next_steps(outcome, progress)
    if not outcome.differences:
        return 0
    for difference in outcome.differences:
        progress.prompt(plain_text.lines(plain_text.without_next(difference)) + "\n")
    count = counted(len(outcome.differences), "difference")
    progress.prompt(f"{count}\n{next_lines(outcome.next_step)}\n")
    return 1


def outcome_json(outcome: Outcome, now: datetime) -> dict[str, Any]:
    """Return an outcome as a value of JSON."""
    return {
        "changes": [
            {
                "name": each.name,
                "old": ", ".join(each.old) or None,
                "new": ", ".join(each.new) or None,
                "bytes": each.size,
                "age_days": _days(each, now),
                "publisher": each.publisher or None,
                "why": each.why,
                "files": [str(path) for path in each.files],
            }
            for each in outcome.changes
        ],
        "warnings": list(outcome.warnings),
        "dry_run": outcome.dry_run,
    }


def outcome_lines(outcome: Outcome, now: datetime) -> Iterator[str]:
    """Yield the lines about introduced packages, the table, the warnings, and the total."""
    for each in outcome.changes:
        if each.name in outcome.first_uploads:
            yield _introduction(each, outcome.first_uploads[each.name], now)
    heading = ("package", "old", "new", "   size", "age", "publisher", "why")
    rows = [_row(each, now) for each in outcome.changes]
    used = [number for number in range(len(heading)) if any(row[number] for row in rows)]
    if rows:
        yield from table([[row[number] for number in used] for row in (heading, *rows)])
    else:
        yield "no package changes"
    yield from map(plain_text.single_line, outcome.warnings)
    count, size = outcome.total
    total = f"{counted(count, 'file')}, {size / 1e6:.1f} MB"
    yield (
        f"nothing was changed; requirements/src/ would have {total}"
        if outcome.dry_run
        else f"{total} in requirements/src/"
    )


def _row(change: Change, now: datetime) -> tuple[str, ...]:
    days = _days(change, now)
    age = "" if days is None else counted(days, "day")
    new = ", ".join(change.new)
    if change.new == change.old:
        kinds = {"wheel" if path.suffix == ".whl" else "tarball" for path in change.files}
        new += f" ({counted(len(change.files), kinds.pop() if len(kinds) == 1 else 'file')})"
    return (
        change.name,
        ", ".join(change.old),
        new,
        f"{change.size / 1e6:7.2f} MB",
        f"{age}, passes cooldown" if change.passes_cooldown else age,
        change.publisher,
        _shortened(change.why),
    )


def _shortened(why: str) -> str:
    """Return a list of packages with the first ones and the number of the others."""
    names = why.split(", ")
    if len(names) <= _MOST_NAMES:
        return why
    return f"{', '.join(names[:2])} and {len(names) - 2} others"


def _introduction(change: Change, first: datetime | None, now: datetime) -> str:
    since = (
        f"first release {first:%Y-%m-%d}, {counted((now - first).days, 'day')} ago"
        if first
        else "the index does not give its first release"
    )
    publisher = f"published by {change.publisher}" if change.publisher else "no known publisher"
    return plain_text.single_line(f"new here: {change.name}, {since}, {publisher}")


def _days(change: Change, now: datetime) -> int | None:
    return max((now - change.uploaded).days, 0) if change.uploaded else None


def _say_next_steps(outcome: Outcome, progress: Progress) -> None:
    for each in outcome.changes:
        if each.name == "django" and each.old and each.new and each.old != each.new:
            for address in release_notes(each.old[-1], each.new[-1]):
                progress.say(f"release notes: {address}")
            progress.say(next_steps())
