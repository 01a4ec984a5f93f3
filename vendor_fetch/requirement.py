"""Requirements, as PEP 508 writes them, and the paths of vendored files, as pip takes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.ve.filename import InvalidFilename, canonical, parse
from bootstrapper.ve.marker import Environment, InvalidMarker, Marker
from bootstrapper.ve.version import InvalidVersion, Version, matches
from vendor_fetch.project import APPS_IN

_REQUIREMENT = re.compile(
    r"""(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)
        \s*(?:\[(?P<extras>[^\]]*)\])?
        \s*\(?(?P<specifier>[^;()@]*)\)?
        \s*(?:;(?P<marker>.*))?""",
    re.VERBOSE,
)
_PATH = re.compile(r"(?P<path>(?:\./)?[^\s;\[]+/[^\s;\[]+)(?:\[(?P<extras>[^\]]*)\])?\s*"
                   r"(?:;(?P<marker>.*))?")


class InvalidRequirement(ValueError):
    """The text is no requirement."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A package that is asked for; `path` is set when it is asked for by a vendored file."""

    text: str
    name: str
    extras: frozenset[str] = frozenset()
    specifier: str = ""
    marker: Marker | None = None
    path: PurePosixPath | None = None

    def applies(self, environment: Environment, extra: str = "") -> bool:
        """Whether it is asked for there, by the package's extra of that name."""
        return self.marker is None or self.marker.holds({**environment, "extra": extra})

    def allows(self, version: str) -> bool:
        """Whether that version satisfies it."""
        return matches(Version(version), self.specifier)


def read_requirement(text: str) -> Requirement:
    """Read one requirement. Raises InvalidRequirement."""
    by_path = _PATH.fullmatch(text)
    match = by_path or _REQUIREMENT.fullmatch(text)
    if not match:
        raise InvalidRequirement(f"{text!r} is not a requirement")
    extras = frozenset(canonical(each.strip()) for each in (match["extras"] or "").split(",")
                       if each.strip())
    path = PurePosixPath(by_path["path"]) if by_path else None
    specifier = "" if by_path else match["specifier"].strip()
    try:
        marker = Marker(match["marker"]) if match["marker"] else None
        name = parse(path.name).name if path else canonical(match["name"])
        matches(Version("0"), specifier)
    except (InvalidFilename, InvalidMarker, InvalidVersion) as error:
        raise InvalidRequirement(str(error)) from None
    return Requirement(text=text, name=name, extras=extras, specifier=specifier, marker=marker,
                       path=path)


def apps_in(project: Path) -> list[Requirement]:
    """What requirements/apps.in asks for. Raises InputError, which names the line."""
    return [requirement for _, requirement in _lines(project / APPS_IN)]


def _lines(path: Path) -> Iterator[tuple[int, Requirement]]:
    fix = "mend the line, then run: python -m vendor_fetch sync"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(str(APPS_IN), f"not UTF-8 at byte {error.start}", fix) from None
    for number, raw in enumerate(lines, 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        if line.startswith("-"):
            raise InputError(f"{APPS_IN} line {number}",
                             f"{line.split()[0]}: options don't belong here, pip's and uv's "
                             "configuration says where files come from", fix)
        if line:
            try:
                yield number, read_requirement(line)
            except InvalidRequirement as error:
                raise InputError(f"{APPS_IN} line {number}", str(error), fix) from None
