"""What a vendored file says about itself: whom it depends on, and what builds it."""

import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import SOURCE, LockedFile
from bootstrapper.ve.standards.filename import Tarball
from bootstrapper.ve.standards.requirement import (
    InvalidRequirement,
    Requirement,
    parse_metadata_requirement,
)
from bootstrapper.ve.standards.version import InvalidVersion, Version
from bootstrapper.ve.wheel.tarball import build_system, with_project
from vendor_fetch.project.project import VendorProject

_FIX = "bring the file back (git checkout), or run: python -m vendor_fetch sync"


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """Whom a file depends on; `known` is False for a tarball that tells only when it is built."""

    requirements: tuple[Requirement, ...]
    known: bool


def dependencies(path: Path) -> Dependencies:
    """Whom a wheel or a tarball depends on. Raises WorkFailed for a file that can't be read."""
    wheel = path.name.endswith(".whl")
    suffix = ".dist-info/METADATA" if wheel else "/PKG-INFO"
    fields = BytesParser().parsebytes(_member(path, suffix) or b"", headersonly=True)
    requirements = tuple(
        _read(str(text), "Requires-Dist", path) for text in fields.get_all("Requires-Dist", [])
    )
    return Dependencies(requirements=requirements, known=wheel or _is_static(fields))


def build_requirements(path: Path) -> tuple[str, ...]:
    """What a tarball says it is built with (PEP 518), a requirement each. Raises WorkFailed."""
    return tuple(
        _read(text, "build-system.requires", path).text
        for text in build_system(path, str(SOURCE / path.name)).requires
    )


def _read(text: str, field: str, path: Path) -> Requirement:
    try:
        return parse_metadata_requirement(text)
    except InvalidRequirement as error:
        raise WorkFailed(
            str(SOURCE / path.name),
            f"its metadata has {field}: {text}, which can't be read: {error}",
            "ask for another version of it in requirements/apps.in, then run: "
            "python -m vendor_fetch sync",
        ) from None


def _is_static(fields: Message) -> bool:
    # PEP 643: since 2.2 a field that isn't called dynamic is that of every wheel built from it.
    try:
        if Version(str(fields.get("Metadata-Version", "1.0"))) < Version("2.2"):
            return False
    except InvalidVersion:
        return False
    return "requires-dist" not in {str(each).lower() for each in fields.get_all("Dynamic", [])}


def _member(path: Path, suffix: str) -> bytes | None:
    """The one member of an archive that is one directory deep and ends so."""
    try:
        if path.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if _is_at_top(name, suffix)]
                return archive.read(names[0]) if names else None
        with tarfile.open(path) as archive:
            for member in archive:
                if _is_at_top(member.name, suffix):
                    stream = archive.extractfile(member)
                    return stream.read() if stream else None
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise WorkFailed(
            str(SOURCE / path.name), f"not an archive that can be read: {error}", _FIX
        ) from None
    return None


def _is_at_top(name: str, suffix: str) -> bool:
    return name.removeprefix("./").count("/") == 1 and name.endswith(suffix)


ALWAYS = ("pip", "virtualenv")


def tool_requirements(files: Iterable[LockedFile], project: VendorProject) -> list[str]:
    """The requirements of the tools, for the application's files, which are in place."""
    asked = {*ALWAYS, *project.build_requires}
    for file in files:
        if isinstance(file.distribution, Tarball):
            own = build_requirements(project.directory / file.path)
            asked.update(with_project(own, project.build_requires))
    return sorted(asked)
