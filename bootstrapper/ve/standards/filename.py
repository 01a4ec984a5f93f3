"""File names of wheels (PEP 427) and tarballs (PEP 625), and names of distributions (PEP 503)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from bootstrapper.ve.standards.version import InvalidVersion, Version

_PROJECT_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
# Others would end a word of a lock, or a line of it, or control a terminal.
_CHARACTERS = re.compile(r"[\w.+!~-]+", re.ASCII)
_TARBALL_SUFFIXES = (".tar.gz", ".zip", ".tgz", ".tar.bz2")


class InvalidFilename(ValueError):
    """The name is neither a wheel's nor a tarball's."""


def canonical_name(name: str) -> str:
    """Return the normalized name of a distribution (PEP 503): `Foo._Bar` becomes `foo-bar`."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, kw_only=True)
class Tarball:
    """The parts of a source distribution's file name."""

    name: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """The parts of a wheel's file name.

    `build` is the build number and the rest of the build tag, `(0, "")` without one. `tags` are
    the tags that it was built for, each `python-abi-platform`; compressed tag sets are expanded.
    """

    name: str
    version: str
    build: tuple[int, str]
    tags: tuple[str, ...]


@lru_cache(maxsize=4096)
def parse_filename(filename: str) -> Wheel | Tarball:
    """Return the parts of a vendored file's name. Raise InvalidFilename if it has another form."""
    if not _CHARACTERS.fullmatch(filename):
        raise InvalidFilename(f"{filename!r} is not the name of a wheel or a tarball")
    if filename.endswith(".whl"):
        return _wheel(filename)
    for suffix in _TARBALL_SUFFIXES:
        if filename.endswith(suffix):
            name, version = _name_and_version(filename.removesuffix(suffix))
            if name and _PROJECT_NAME.fullmatch(name) and version:
                return Tarball(name=canonical_name(name), version=version)
            break
    raise InvalidFilename(f"{filename} is not the name of a wheel or a tarball")


def _name_and_version(stem: str) -> tuple[str, str]:
    """Return the parts of a tarball's name, whose version may have a dash: `cffi-1.0.2-2`."""
    name, _, version = stem.rpartition("-")
    earlier, _, number = name.rpartition("-")
    if earlier and "." in number and _is_version(number) and _is_version(f"{number}-{version}"):
        return earlier, f"{number}-{version}"
    return name, version


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _wheel(filename: str) -> Wheel:
    parts = filename.removesuffix(".whl").split("-")
    build = re.match(r"(\d+)(.*)", parts[2]) if len(parts) == 6 else None
    if len(parts) not in (5, 6) or (len(parts) == 6 and not build) or not all(parts):
        raise InvalidFilename(
            f"{filename} is not name-version[-build]-python-abi-platform.whl (PEP 427)"
        )
    if not _PROJECT_NAME.fullmatch(parts[0]):
        raise InvalidFilename(f"{filename}: {parts[0]!r} is not a distribution's name")
    pythons, abis, platforms = (part.split(".") for part in parts[-3:])
    return Wheel(
        name=canonical_name(parts[0]),
        version=parts[1],
        build=(int(build[1]), build[2]) if build else (0, ""),
        tags=tuple(
            f"{python}-{abi}-{platform}".lower()
            for python in pythons
            for abi in abis
            for platform in platforms
        ),
    )
