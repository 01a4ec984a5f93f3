"""Advisories as OSV records, and which versions they affect (https://ossf.github.io/osv-schema/)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from packaging.version import Version

from bootstrapper.ve.standards.filename import canonical_name

ECOSYSTEM = "PyPI"

# RFC 3339, which the schema requires in UTC.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]00:00)", re.ASCII)


class InvalidAdvisory(ValueError):
    """The text says what is wrong with a record."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """The text of a version, at which a range begins ("introduced") or ends. "0" is before all."""

    kind: str
    text: str

    @property
    def version(self) -> Version:
        """The version. Raise InvalidAdvisory if the text is none."""
        if (version := _version(self.text)) is None:
            raise InvalidAdvisory(f"{self.kind} is {self.text!r}, which is no version (PEP 440)")
        return version


@dataclass(frozen=True, kw_only=True)
class Affected:
    """Versions of a package that an advisory affects: those listed, and those in the ranges."""

    name: str
    versions: frozenset[str]
    ranges: tuple[tuple[Event, ...], ...]

    def affects(self, version: str) -> bool:
        """Return whether the advisory affects a version. Raise InvalidAdvisory for a wrong range.

        A local version, such as 2.1.0+cu121, is a build of its public version, which advisories name.
        """
        public, plus, _ = version.partition("+")
        if plus and self.affects(public):
            return True
        number = _version(version)
        if version in self.versions:
            return True
        if number is None:
            return False
        return any(_contains(events, number) for events in self.ranges) or any(
            _version(each) == number for each in self.versions
        )

    @property
    def ends_with_fixes(self) -> bool:
        """Whether every range begins with an introduction and ends, if it does, with a fix."""
        return bool(self.ranges) and all(
            event.kind in ("introduced", "fixed") for events in self.ranges for event in events
        )

    @property
    def fixed(self) -> Iterator[Version]:
        """The versions in which a range ends because of a fix."""
        for events in self.ranges:
            for event in events:
                if event.kind == "fixed":
                    yield event.version


@dataclass(frozen=True, kw_only=True)
class Advisory:
    """A record that names packages of the Python ecosystem."""

    identifier: str
    aliases: frozenset[str]
    modified: datetime
    withdrawn: bool
    summary: str
    severity: str
    affected: tuple[Affected, ...]


def parse_advisory(record: object) -> Advisory:
    """Return an OSV record. Raise InvalidAdvisory if a field is missing or of a wrong type.

    Parts about other ecosystems are left out, so `affected` may be empty.
    """
    if not isinstance(record, Mapping):
        raise InvalidAdvisory("it is not an object")
    summary = _text(record, "summary", "") or _text(record, "details", "")
    return Advisory(
        identifier=_text(record, "id"),
        aliases=frozenset(_texts(record, "aliases")),
        modified=_time(_text(record, "modified")),
        withdrawn=record.get("withdrawn") is not None,
        summary=summary.strip().split("\n")[0],
        severity=_severity(record),
        affected=tuple(
            _affected(each)
            for each in _objects(record, "affected")
            if _object(each, "package").get("ecosystem") == ECOSYSTEM
        ),
    )


def _affected(table: Mapping[str, Any]) -> Affected:
    return Affected(
        name=canonical_name(_text(_object(table, "package"), "name")),
        versions=frozenset(_texts(table, "versions")),
        ranges=tuple(
            tuple(_events(each))
            for each in _objects(table, "ranges")
            if _text(each, "type") == "ECOSYSTEM"
        ),
    )


def _events(table: Mapping[str, Any]) -> Iterator[Event]:
    events = _objects(table, "events")
    if not events:
        raise InvalidAdvisory("a range has no events")
    for each in events:
        for kind in ("introduced", "fixed", "last_affected", "limit"):
            if kind in each:
                yield Event(kind=kind, text=_text(each, kind))


def _contains(events: tuple[Event, ...], version: Version) -> bool:
    """Return whether a version is in a range ("Evaluation" of the OSV schema).

    Of events at one version, the end of a range comes before the beginning of the next one;
    `last_affected` ends a range behind its version and therefore comes last.
    """
    limits = [event for event in events if event.kind == "limit"]
    if limits and not any(each.text == "*" or version < each.version for each in limits):
        return False
    order = {"fixed": 0, "introduced": 1, "last_affected": 2}
    zero = any(event.kind == "introduced" and event.text == "0" for event in events)
    versioned = [
        (event.version, order[event.kind], event.kind)
        for event in events
        if event.kind in order and (event.kind, event.text) != ("introduced", "0")
    ]
    vulnerable = zero
    for at, _, kind in sorted(versioned):
        if kind == "introduced" and version >= at:
            vulnerable = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            vulnerable = False
    return vulnerable


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        return None


def _severity(record: Mapping[str, Any]) -> str:
    """Return the word that the database gives (HIGH), or else the vector of the newest CVSS."""
    word = _object(record, "database_specific", {}).get("severity")
    if isinstance(word, str) and word:
        return word
    scores = [
        _text(each, "score")
        for each in _objects(record, "severity")
        if str(each.get("type", "")).startswith("CVSS")
    ]
    return max(scores, default="")


def _time(text: str) -> datetime:
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    except ValueError:
        pass
    raise InvalidAdvisory(f"modified is {text!r}, which is no time (RFC 3339, in UTC)")


def _text(table: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = table.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not value):
        raise InvalidAdvisory(f"{key} is missing" if value is None else f"{key} is not a text")
    return value


def _texts(table: Mapping[str, Any], key: str) -> list[str]:
    value = table.get(key) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidAdvisory(f"{key} is not a list of texts")
    return value


def _object(
    table: Mapping[str, Any], key: str, default: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    value = table.get(key)
    if value is None:
        return default or {}
    if not isinstance(value, Mapping):
        raise InvalidAdvisory(f"{key} is not an object")
    return value


def _objects(table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = table.get(key) or []
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise InvalidAdvisory(f"{key} is not a list of objects")
    return value
