"""The settings of the reports in pyproject.toml, [tool.vendor_fetch]."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.spelling import did_you_mean
from bootstrapper.ve.project import project
from bootstrapper.ve.standards.filename import canonical_name
from vendor_fetch.project.pyproject import setting_error

# The keys of pyproject.toml that are read here; docs/reference.md prints this table.
KEYS = {
    ("tool.vendor_fetch", "advisories"): (
        "an address, or the path of a zip file or a directory",
        "none",
        "where `audit` reads advisories (OSV records) if `--advisories` does not name a file. An "
        "address is downloaded into the cache if it has changed",
    ),
    ("tool.vendor_fetch", "allowed-licenses"): (
        'a list of SPDX identifiers such as `["MIT", "BSD-3-Clause"]`',
        "none: `licenses` judges no license",
        "the licenses that packages may have; a package that needs another one is a finding of "
        "`licenses`",
    ),
    ("tool.vendor_fetch.licenses", "NAME"): (
        'a table such as `{ license = "MIT", reason = "LICENSE file in the repository" }`',
        "none",
        "the license of the package NAME, instead of what its files say; `reason` is required",
    ),
    ("tool.vendor_fetch", "ignore"): (
        'a list of tables `{ id = "CVE-2024-1234", until = 2026-12-31, reason = "not reached" }`',
        "none",
        "the advisories whose findings `audit` lists as ignored, up to and including the day "
        "`until`, which is required",
    ),
}


_IGNORE = '[[tool.vendor_fetch.ignore]] id = "CVE-2024-1234", until = "2026-12-31"'


@dataclass(frozen=True, kw_only=True)
class Override:
    """What a project declares as the license of a package, and why."""

    license: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Ignore:
    """An advisory that does not count up to and including a day, in UTC."""

    identifier: str
    until: date
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of the reports. `allowed_licenses` is None if all are allowed."""

    allowed_licenses: tuple[str, ...] | None
    overrides: Mapping[str, Override]
    advisories: str
    ignores: tuple[Ignore, ...]


def read_settings(directory: Path) -> Settings:
    """Return the settings of a project. Raise InputError for a wrong one."""
    table = project.table(project.read(directory), "tool", "vendor_fetch")
    allowed = table.get("allowed-licenses")
    if allowed is not None and not _is_texts(allowed):
        raise _wrong(
            directory,
            "allowed-licenses",
            f"{allowed!r} is not a list of SPDX identifiers",
            'allowed-licenses = ["MIT", "BSD-3-Clause"]',
        )
    advisories = table.get("advisories", "")
    if not isinstance(advisories, str):
        raise _wrong(
            directory,
            "advisories",
            f"{advisories!r} is not an address or a path",
            'advisories = "advisories.zip"',
        )
    return Settings(
        allowed_licenses=None if allowed is None else tuple(allowed),
        overrides=_overrides(table.get("licenses", {}), directory),
        advisories=advisories,
        ignores=_ignores(table.get("ignore", []), directory),
    )


def read_day(text: object) -> date | None:
    """Return a date, or a text such as 2026-12-31, as a date; None if it is neither."""
    if isinstance(text, date):  # a date and time, too
        return date(text.year, text.month, text.day)
    try:
        return date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else None
    except ValueError:
        return None


def _wrong(directory: Path, key: str, fault: str, example: str) -> InputError:
    return setting_error(directory, key, f"{key}: {fault}", example)


def _wrong_ignore(directory: Path, number: int, fault: str) -> InputError:
    fault = f"[[tool.vendor_fetch.ignore]] {number}: {fault}"
    return setting_error(directory, "ignore", fault, _IGNORE, item=number)


def _overrides(table: object, directory: Path) -> dict[str, Override]:
    example = '[tool.vendor_fetch.licenses] {} = {{ license = "MIT", reason = "its LICENSE file" }}'
    if not isinstance(table, Mapping):
        raise _wrong(
            directory, "licenses", f"{table!r} is not a table of packages", example.format("NAME")
        )
    overrides = {}
    for name, value in table.items():
        if not isinstance(value, Mapping):
            raise _wrong(directory, name, f"{value!r} is not a table", example.format(name))
        if fault := _unknown_key(value, ("license", "reason")):
            raise _wrong(directory, name, fault, example.format(name))
        for key in ("license", "reason"):
            if not isinstance(value.get(key), str) or not value[key].strip():
                raise _wrong(directory, name, f"it has no {key}", example.format(name))
        overrides[canonical_name(name)] = Override(
            license=value["license"].strip(), reason=value["reason"].strip()
        )
    return overrides


def _ignores(tables: object, directory: Path) -> tuple[Ignore, ...]:
    if not isinstance(tables, list) or not all(isinstance(each, Mapping) for each in tables):
        raise _wrong(directory, "ignore", "it is not a list of tables", _IGNORE)
    ignores = []
    for number, table in enumerate(tables, 1):
        if fault := _unknown_key(table, ("id", "until", "reason")):
            raise _wrong_ignore(directory, number, fault)
        identifier, reason = table.get("id"), table.get("reason", "")
        if not isinstance(identifier, str) or not identifier.strip():
            raise _wrong_ignore(directory, number, "it has no id")
        if "until" not in table:
            raise _wrong_ignore(
                directory, number, f"{identifier} is ignored without an end: it needs until"
            )
        until = read_day(table["until"])
        if until is None:
            raise _wrong_ignore(
                directory, number, f"until = {table['until']!r} is not a date (YYYY-MM-DD)"
            )
        if not isinstance(reason, str):
            raise _wrong_ignore(directory, number, f"reason = {reason!r} is not a text")
        ignores.append(Ignore(identifier=identifier.strip(), until=until, reason=reason))
    return tuple(ignores)


def _unknown_key(table: Mapping[str, Any], known: tuple[str, ...]) -> str:
    """Return what is wrong with the first unknown key of a table; empty if all are known."""
    for key in table:
        if key not in known:
            return f"it has no key {key!r}{did_you_mean(key, known)}"
    return ""


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
