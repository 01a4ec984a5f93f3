"""Read the advisories: a zip file or a directory of OSV records, which a user can carry anywhere."""

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.next_step import existing
from bootstrapper.ve.wheel.archive import shorten_name
from vendor_fetch.graph.damage import DAMAGED
from vendor_fetch.program import program_command
from vendor_fetch.reports.osv import ECOSYSTEM, Advisory, InvalidAdvisory, parse_advisory

# The longest known record has 1 MB; a small zip file can hold one of any size.
LARGEST = 32 << 20

_AGE = re.compile(r"(\d{1,6})\s*(d|w)(?:ays?|eeks?)?", re.ASCII | re.IGNORECASE)
_DAYS = {"d": 1, "w": 7}


@dataclass(frozen=True, kw_only=True)
class Advisories:
    """The advisories about Python packages of one file or directory.

    `place` is its path. `modified` is the time of the newest one.
    """

    place: str
    records: tuple[Advisory, ...]
    modified: datetime

    def age_in_days(self, now: datetime) -> int:
        """Return how old the newest advisory is."""
        return max((now - self.modified).days, 0)


def read_advisories(path: Path) -> Advisories:
    """Return the advisories of a zip file or a directory.

    Raise InputError if it can't be read, if a record is wrong, or if it has none about Python
    packages: an unusable file must never look like one without a finding.
    """
    if not path.exists():
        raise unusable(str(path), "there is no such file")
    records = []
    for name, content in _members(path):
        try:
            advisory = parse_advisory(json.loads(content))
        except InvalidAdvisory as error:
            raise unusable(str(path), f"{shorten_name(name)}: {error}") from None
        except (ValueError, RecursionError) as error:
            raise unusable(str(path), f"{shorten_name(name)} is not JSON: {error}") from None
        if advisory.affected:
            records.append(advisory)
    if not records:
        raise unusable(str(path), f"it has no advisories for {ECOSYSTEM}")
    return Advisories(
        place=str(path),
        records=tuple(records),
        modified=max(record.modified for record in records),
    )


def refuse_old(advisories: Advisories, max_age: str, now: datetime) -> None:
    """Raise InputError if the newest advisory is older than `max_age`, such as "30 days"."""
    match = _AGE.fullmatch(max_age.strip())
    if not match:
        raise InputError(
            "--max-age",
            f'{max_age!r} is not an age such as "30 days" or "2 weeks"',
            program_command("audit", "--max-age", "30 days"),
        )
    age, days = advisories.age_in_days(now), int(match[1]) * _DAYS[match[2].lower()]
    if age > days:
        raise unusable(
            advisories.place,
            f"its newest advisory is {age} days old, --max-age allows {max_age}",
        )


def unusable(place: str, fault: str) -> InputError:
    """Return the error about advisories that can't be used."""
    command = program_command("audit", "--advisories", "all.zip")
    return InputError(
        place, fault, f"ls -l {existing(place)}  # get a complete file, then such as: {command}"
    )


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the names and the contents of the JSON files."""
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            try:
                with file.open("rb") as stream:
                    yield str(file.relative_to(path)), stream.read(LARGEST)
            except OSError as error:
                raise unusable(str(file), f"can't be read: {error.strerror}") from None
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith(".json"):
                    if info.file_size > LARGEST:
                        raise unusable(
                            str(path),
                            f"{shorten_name(info.filename)} is larger than {LARGEST >> 20} MiB",
                        )
                    yield info.filename, archive.read(info)
    except DAMAGED as error:
        raise unusable(
            str(path), f"not a zip file that can be read: {error or type(error).__name__}"
        ) from None
