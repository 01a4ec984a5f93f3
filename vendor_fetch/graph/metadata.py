"""Read the metadata of vendored files: their dependencies and their build requirements."""

import re
import tarfile
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import IO

from bootstrapper.errors import WorkFailed
from bootstrapper.plain_text import single_line
from bootstrapper.ve.project.file_cache import once_for_a_file
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.requirement import (
    InvalidRequirement,
    Requirement,
    parse_metadata_requirement,
)
from bootstrapper.ve.standards.version import InvalidVersion, Version
from bootstrapper.ve.wheel.tarball import build_system
from vendor_fetch.graph.damage import DAMAGED
from vendor_fetch.program import edit_and_sync, restore_command, sync_command
from vendor_fetch.project.project import APPS_IN

# A wheel's metadata, or an SBOM. The largest known SBOM of a wheel has 1 MB.
LARGEST = 64 << 20


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """The dependencies of a file. `known` is False if only a build of the tarball lists them.

    `requires_python` is a version specifier; empty if the file has none.
    """

    requirements: tuple[Requirement, ...]
    known: bool
    requires_python: str = ""


@once_for_a_file
def dependencies(path: Path) -> Dependencies:
    """Return the dependencies of a wheel or a tarball. Raise WorkFailed for an unreadable file."""
    is_wheel = path.name.endswith(".whl")
    suffix = ".dist-info/METADATA" if is_wheel else "/PKG-INFO"
    fields = _fields(_member(path, suffix, str(SOURCE / path.name)) or b"")
    requirements = tuple(_parse(text, "Requires-Dist", path) for text in _requires_dist(fields))
    return Dependencies(
        requirements=requirements,
        known=is_wheel or _is_static(fields),
        requires_python=str(fields.get("Requires-Python", "")).strip(),
    )


def name_and_version(path: Path, place: str) -> tuple[str, str]:
    """Return the name and the version in the metadata of a file; empty without metadata.

    Raise WorkFailed for an unreadable file, whose name in messages is `place`.
    """
    suffix = ".dist-info/METADATA" if path.name.endswith(".whl") else "/PKG-INFO"
    fields = _fields(_member(path, suffix, place) or b"")
    return canonical_name(str(fields.get("Name", ""))), str(fields.get("Version", ""))


def requires_dist(content: bytes) -> list[str]:
    """Return the values of Requires-Dist in core metadata."""
    return _requires_dist(_fields(content))


def _requires_dist(fields: Message) -> list[str]:
    return [requirement_text(str(text)) for text in fields.get_all("Requires-Dist", [])]


def requirement_text(text: str) -> str:
    """Return a requirement of others in one line, as a lock's comment and a file of uv need it."""
    return single_line(" ".join(text.split()))


def _fields(content: bytes) -> Message:
    # Without the description, which may be long.
    head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0]
    return BytesParser().parsebytes(head, headersonly=True)


@once_for_a_file
def declared_build_requirements(path: Path) -> tuple[str, ...]:
    """Return the requirements that a tarball declares for its build (PEP 518). Raise WorkFailed."""
    return tuple(
        _parse(requirement_text(text), "build-system.requires", path).text
        for text in build_system(path, str(SOURCE / path.name)).requires
    )


def _parse(text: str, field: str, path: Path) -> Requirement:
    try:
        return parse_metadata_requirement(text)
    except InvalidRequirement as error:
        raise WorkFailed(
            str(SOURCE / path.name),
            f"its metadata has {field}: {text}, which can't be read: {error}",
            edit_and_sync(APPS_IN, "ask for another version of it"),
        ) from None


def _is_static(fields: Message) -> bool:
    """Return whether every wheel built of a tarball has its dependencies (PEP 643)."""
    try:
        if Version(str(fields.get("Metadata-Version", "1.0"))) < Version("2.2"):
            return False
    except InvalidVersion:
        return False
    return "requires-dist" not in {str(name).lower() for name in fields.get_all("Dynamic", [])}


def _member(path: Path, suffix: str, place: str) -> bytes | None:
    """Return the content of an archive's member that is one directory deep and has the suffix."""
    try:
        if path.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if _is_at_top(name, suffix)]
                if not names:
                    return None
                with archive.open(names[0]) as stream:
                    return _bounded(stream)
        with tarfile.open(path) as archive:
            for member in archive:
                if _is_at_top(member.name, suffix):
                    content = archive.extractfile(member)
                    return _bounded(content) if content else None
    except DAMAGED as error:
        raise WorkFailed(
            place,
            f"not an archive that can be read: {error}",
            f"{restore_command(SOURCE / path.name)}  # or: {sync_command()}",
        ) from None
    return None


def _bounded(stream: IO[bytes]) -> bytes:
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"its metadata is larger than {LARGEST >> 20} MiB")
    return content


def _is_at_top(name: str, suffix: str) -> bool:
    return name.removeprefix("./").count("/") == 1 and name.endswith(suffix)
