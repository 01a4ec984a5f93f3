"""Turn the entries of dependency files into the lines of apps.in, with an account of each entry."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bootstrapper.ve.standards.requirement import Requirement
from bootstrapper.ve.standards.version import same_version
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.graph.distributions import ALWAYS
from vendor_fetch.project.direct_reference import parse_line
from vendor_fetch.project.project import APPS_IN

_TOOLS = {parse_line(text).name for text in ALWAYS}
_EXACT = re.compile(r"===?\s*([^\s,*]+)")
_GIT = re.compile(
    r"(?P<address>[^#;@]*@\s*git\+\w+://(?:[^/@\s]*@)?[^@#\s]*)(?:@(?P<ref>[^#\s]*))?(?P<rest>.*)"
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of an entry. `outcome` is taken, merged, changed or refused."""

    place: str
    text: str
    outcome: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """What a project is adopted with.

    `lines` are those of apps.in, `places` those of their first entries, and `limits` the lines of a
    file of constraints. `locked` are the locked versions by name, each with the markers that it is
    for, and `hashes` the accepted sha256. `rows` has each entry once.
    """

    lines: tuple[str, ...]
    places: tuple[str, ...]
    limits: tuple[str, ...]
    locked: dict[str, dict[str, tuple[str, ...]]]
    hashes: dict[str, frozenset[str]]
    rows: tuple[Row, ...]

    @property
    def pins(self) -> dict[str, str]:
        """The versions of the packages that are locked at one."""
        return {name: min(each) for name, each in self.locked.items() if len(each) == 1}

    @property
    def constraints(self) -> dict[str, tuple[str, ...]]:
        """The locked versions as requirements, by package.

        A lock may have several versions for several environments. Without markers, the resolver
        chooses.
        """
        found: dict[str, tuple[str, ...]] = {
            name: (f"{name}=={version}",) for name, version in self.pins.items()
        }
        for name, versions in self.locked.items():
            if name not in found and all(all(markers) for markers in versions.values()):
                found[name] = tuple(
                    f"{name}=={version} ; {marker}"
                    for version, markers in versions.items()
                    for marker in markers
                )
        return found


def adopt(entries: Sequence[Entry], relaxed: Collection[str] = ()) -> Adoption:
    """Return what becomes of the entries. The pins of `relaxed` packages do not hold."""
    wishes = _Wishes()
    rows, limits = [], []
    versions: dict[str, dict[str, tuple[str, ...]]] = {}
    hashes: dict[str, set[str]] = {}
    commits = {each.name: each.commit for each in entries if each.commit and not each.refusal}
    asked = {each.name for each in entries if each.requirement and not each.limits_only}
    for entry in map(_without_tools, entries):
        outcome, detail = "taken", entry.change
        if entry.refusal:
            rows.append(
                Row(place=entry.place, text=entry.text, outcome="refused", detail=entry.refusal)
            )
            continue
        if entry.requirement and entry.limits_only:
            limits.append(entry.requirement)
            outcome = "changed" if entry.change else "taken"
            limited = "limits the version" if entry.name in asked else "limits a dependency"
            detail = "; ".join(filter(None, (limited, entry.change)))
        elif entry.requirement and entry.pin and entry.is_lock:
            detail = f"locked at {entry.pin}"
        elif entry.requirement:
            entry = _at_commit(entry, commits)
            other, conflict = wishes.add(entry)
            outcome = "merged" if other else "changed" if entry.change else "taken"
            detail = f"with {other}" if other else entry.change
            if conflict:
                outcome, detail = (
                    "refused",
                    f"{other} asks for {conflict}; delete one of both lines",
                )
                rows.append(Row(place=entry.place, text=entry.text, outcome=outcome, detail=detail))
                continue
        elif entry.pin or entry.commit:
            detail = f"locked at {entry.pin or entry.commit}"
        if entry.pin and entry.name in relaxed:
            outcome, detail = "changed", "the version may move (--relax)"
        elif entry.pin:
            each = versions.setdefault(entry.name, {})
            each[entry.pin] = (*each.get(entry.pin, ()), entry.marker)
        if entry.hashes and entry.name not in relaxed:
            hashes.setdefault(entry.name, set()).update(entry.hashes)
        rows.append(Row(place=entry.place, text=entry.text, outcome=outcome, detail=detail))
    return Adoption(
        lines=tuple(_relaxed(line, relaxed) for line in wishes.lines()),
        places=tuple(wishes.places()),
        limits=tuple(dict.fromkeys(limits)),
        locked=dict(sorted(versions.items())),
        hashes={name: frozenset(each) for name, each in hashes.items()},
        rows=tuple(rows),
    )


def _without_tools(entry: Entry) -> Entry:
    """Return an entry; it is refused if its version would also be the one that bootstrap.py runs with."""
    if entry.name not in _TOOLS or entry.refusal:
        return entry
    refusal = (
        f"bootstrap.py brings a {entry.name} that can make the ve; nothing to do, or write it into "
        f"{APPS_IN} without a version, if the site imports it"
    )
    return replace(entry, refusal=refusal)


def _at_commit(entry: Entry, commits: Mapping[str, str]) -> Entry:
    """Return an entry that asks for the locked commit of a repository, instead of its branch or tag."""
    commit = commits.get(entry.name, "")
    match = _GIT.fullmatch(entry.requirement)
    if not commit or not match or match["ref"] == commit:
        return entry
    change = f"at the locked commit {commit[:12]} instead of {match['ref'] or 'the default branch'}"
    return replace(
        entry,
        requirement=f"{match['address']}@{commit}{match['rest']}",
        change="; ".join(filter(None, (entry.change, change))),
    )


def _relaxed(line: str, relaxed: Collection[str]) -> str:
    requirement = parse_line(line)
    if requirement.name not in relaxed or requirement.url or requirement.path:
        return line
    return _written(requirement, "")


class _Wishes:
    """The lines of apps.in; entries for the same package and environment become one."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], tuple[Requirement, str, str]] = {}

    def add(self, entry: Entry) -> tuple[str, str]:
        """Add an entry. Return the place of the entry that it is merged with, or nothing.

        The second text is the exact version of that one, if the entry asks for another.
        """
        for line in entry.also:
            self.add(replace(entry, requirement=line, also=()))
        new = parse_line(entry.requirement)
        key = new.name or new.url, str(new.marker or "")
        if key not in self._lines:
            self._lines[key] = new, entry.requirement, entry.place
            return "", ""
        old, _, place = self._lines[key]
        exact = [_EXACT.fullmatch(each.specifier) for each in (old, new)]
        if exact[0] and exact[1] and not same_version(exact[0][1], exact[1][1]):
            return place, exact[0][1]
        by_address = new if new.url or new.path else old
        extras = old.extras | new.extras
        specifiers = dict.fromkeys(filter(None, (old.specifier, new.specifier)))
        merged = Requirement(
            text="",
            name=by_address.name,
            extras=extras,
            specifier=",".join(specifiers),
            marker=old.marker,
            path=by_address.path,
            url=by_address.url,
        )
        self._lines[key] = merged, _written(merged, merged.specifier), place
        return place, ""

    def lines(self) -> list[str]:
        """Return the lines in the order of their first entries."""
        return [line for _, line, _ in self._lines.values()]

    def places(self) -> list[str]:
        """Return the place of the first entry of each line."""
        return [place for _, _, place in self._lines.values()]


def _written(requirement: Requirement, specifier: str) -> str:
    """Return a requirement as a line of apps.in."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    if requirement.path:
        return f"./{requirement.path}{extras}{marker}"
    if requirement.url:
        name = f"{requirement.name}{extras} @ " if requirement.name else ""
        return f"{name}{requirement.url}{marker}"
    return f"{requirement.name}{extras}{specifier}{marker}"
