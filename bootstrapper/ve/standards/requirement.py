"""Requirements as PEP 508 defines them, and paths of vendored files as pip accepts them."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from bootstrapper.ve.standards.filename import InvalidFilename, canonical_name, parse_filename
from bootstrapper.ve.standards.marker import Environment, InvalidMarker, Marker
from bootstrapper.ve.standards.version import InvalidVersion, Version, identical, matches

_REQUIREMENT = re.compile(
    r"""(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)
        \s*(?:\[(?P<extras>[^\]]*)\])?
        \s*\(?(?P<specifier>[^;()@]*)\)?
        \s*(?:;(?P<marker>.*))?""",
    re.VERBOSE,
)
# A direct reference of PEP 508. A marker stands after a space: addresses may have semicolons.
_URL = re.compile(
    r"""(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)
        \s*(?:\[(?P<extras>[^\]]*)\])?
        \s*@\s*(?P<url>[^\s@]\S*)
        (?:(?:\s+;|(?<=;)\s)(?P<marker>.*))?\s*""",
    re.VERBOSE,
)
_PATH = re.compile(
    r"(?P<path>(?:\./)?[^\s;\[]+/[^\s;\[]+)(?:\[(?P<extras>[^\]]*)\])?\s*"
    r"(?:;(?P<marker>.*))?"
)


class InvalidRequirement(ValueError):
    """The text is no requirement."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A required distribution.

    `path` is set if the requirement names a vendored file, and `url` if it names an address
    (`NAME @ URL`). A distribution of any version is allowed then.
    """

    text: str
    name: str
    extras: frozenset[str] = frozenset()
    specifier: str = ""
    marker: Marker | None = None
    path: PurePosixPath | None = None
    url: str = ""

    def applies(self, environment: Environment, extra: str = "") -> bool:
        """Return whether the marker holds in an environment, for the extra of that name."""
        return self.marker is None or self.marker.holds({**environment, "extra": extra})

    def allows(self, version: str) -> bool:
        """Return whether the version satisfies it. A version such as `2004d` is compared as text."""
        try:
            number = Version(version)
        except InvalidVersion:
            return identical(version, self.specifier)
        return matches(number, self.specifier)


# Specifiers that were published before PEP 440 was enforced, and their meaning according to uv
# (https://github.com/astral-sh/uv, crates/uv-pypi-types/src/lenient_requirement.rs).
_LEGACY = (
    (re.compile(r"([<>=~]\s*[0-9][^\s,<>=!~)]*)\s*(?=[<>=!~])"), r"\1, "),  # >=1.0<2.0
    (re.compile(r"(>=|<=|<|>)(\s*[0-9][0-9.]*?)\.\*"), r"\1\2"),  # <4.0.*
    (re.compile(r"~=(\s*[0-9]+(?:\.[0-9]+)+)\.\*"), r"~=\1.0"),  # ~=2.7.*
    (re.compile(r"!=\s*~"), "!="),  # !=~5.0
    (re.compile(r"(?<![<>=!~])=(?![=])(?=\s*[0-9])"), "=="),  # =1.0
    (re.compile(r"([<>]=?)\s*dev\b"), r"\g<1>0.0.0dev"),  # >dev
    (re.compile(r"['\"]+(?=\s*(?:,|\)|$))|(?<=[<>=~])\s*['\"]+"), ""),  # >=2.5'
)


def parse_metadata_requirement(text: str) -> Requirement:
    """Return a requirement of published metadata, which may have legacy specifiers.

    Raise InvalidRequirement if it can't be read even so.
    """
    try:
        return parse_requirement(text)
    except InvalidRequirement:
        head, semicolon, marker = text.partition(";")
        for pattern, meant in _LEGACY:
            head = pattern.sub(meant, head)
        if head == text.partition(";")[0]:
            raise
        return parse_requirement(f"{head}{semicolon}{marker}")


@lru_cache(maxsize=4096)  # the lines of apps.in and of metadata are read for each target
def parse_requirement(text: str) -> Requirement:
    """Return a parsed requirement. Raise InvalidRequirement if the text is none."""
    by_url = _URL.fullmatch(text)
    by_path = None if by_url else _PATH.fullmatch(text)
    match = by_url or by_path or _REQUIREMENT.fullmatch(text)
    if not match:
        raise InvalidRequirement(f"{text!r} is not a requirement")
    extras = frozenset(
        canonical_name(each.strip()) for each in (match["extras"] or "").split(",") if each.strip()
    )
    path = PurePosixPath(by_path["path"]) if by_path else None
    specifier = "" if by_path or by_url else match["specifier"].strip()
    try:
        marker = Marker(match["marker"]) if match["marker"] is not None else None
        name = parse_filename(path.name).name if path else canonical_name(match["name"])
        matches(Version("0"), specifier)
    except (InvalidFilename, InvalidMarker, InvalidVersion) as error:
        raise InvalidRequirement(str(error)) from None
    return Requirement(
        text=text,
        name=name,
        extras=extras,
        specifier=specifier,
        marker=marker,
        path=path,
        url=by_url["url"].removesuffix(";") if by_url else "",
    )
