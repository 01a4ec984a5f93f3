"""Tarballs (sdists): read what builds them (PEP 518), and unpack their files safely."""

import os
import re
import shutil
import stat
import tarfile
import time
import tomllib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from typing import IO, Literal

from bootstrapper.errors import WorkFailed
from bootstrapper.next_step import ANOTHER_VERSION
from bootstrapper.ve.wheel.archive import MAX_DEPTH, UNSAFE_NAME, shorten_name

# "If the pyproject.toml file is absent, or the build-backend key is missing, … setuptools" (PEP
# 517). Since 70.1 it makes wheels without the package `wheel`.
DEFAULT_REQUIRES = ("setuptools>=70.1",)
_SETUPTOOLS = re.compile(r"setuptools(?![\w.-])", re.IGNORECASE)
DEFAULT_BACKEND = "setuptools.build_meta:__legacy__"

# A small file can unpack to any size; no real tarball comes near these limits.
LARGEST_BYTES = 2 << 30
MOST_MEMBERS = 200_000


@dataclass(frozen=True, kw_only=True)
class BuildSystem:
    """The [build-system] table of a tarball's pyproject.toml, with the defaults of PEP 517."""

    requires: tuple[str, ...] = DEFAULT_REQUIRES
    backend: str = DEFAULT_BACKEND
    path: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Member:
    name: str
    kind: Literal["file", "directory", "symlink", "hardlink", "other"]
    size: int
    executable: bool
    mtime: float
    target: str = ""


def build_system(path: Path, place: str) -> BuildSystem:
    """Return what builds a tarball. Raise WorkFailed with `place`, the tarball's name in messages."""
    return build_system_in(read(path, "pyproject.toml", place), place)


def build_system_in(content: bytes | None, place: str) -> BuildSystem:
    """Return what a pyproject.toml says about building; the defaults if `content` is None."""
    if content is None:
        return BuildSystem()
    try:
        table = tomllib.loads(content.decode()).get("build-system", {})
        return BuildSystem(
            requires=tuple(map(str, table.get("requires", DEFAULT_REQUIRES))),
            backend=str(table.get("build-backend", DEFAULT_BACKEND)),
            path=tuple(map(str, table.get("backend-path", ()))),
        )
    except (ValueError, AttributeError, TypeError) as error:
        raise tarball_error(place, f"its pyproject.toml can't be read: {error}") from None


def with_project(own: Sequence[str], of_project: Sequence[str]) -> tuple[str, ...]:
    """Return the build requirements of a tarball together with those of the project.

    If the tarball names none and the project names a setuptools, the project's replaces the default
    setuptools, because old tarballs need an old one.
    """
    if tuple(own) == DEFAULT_REQUIRES and any(_SETUPTOOLS.match(each) for each in of_project):
        own = ()
    return (*own, *of_project)


def read(path: Path, name: str, place: str) -> bytes | None:
    """Return a file from the top directory of a tarball; None if it has no such file."""
    with _reading(place):
        for member, stream in _members(path, place):
            if stream and member.name.removeprefix("./").partition("/")[2] == name:
                return stream.read(1 << 20)
    return None


def unpack(path: Path, into: Path, place: str) -> Path:
    """Unpack a tarball into an existing directory; return the tarball's one top directory.

    Links are created last, so that nothing is written through a link. Raise WorkFailed if a name
    or a link leads out of the directory, or if a member is a device. Raise OSError.
    """
    root = os.path.realpath(into)
    links: list[tuple[str, _Member]] = []
    with _reading(place):
        for member, stream in _members(path, place):
            target = _inside(root, member.name, place)
            if member.kind == "other":
                raise tarball_error(
                    place, f"its member {member.name!r} is no file, directory or link"
                )
            if member.kind == "directory":
                os.makedirs(target, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if stream is None:
                links.append((target, member))
                continue
            with open(target, "wb") as file:
                shutil.copyfileobj(stream, file)
            os.chmod(target, 0o755 if member.executable else 0o644)
            os.utime(target, (member.mtime, member.mtime))
    for target, member in links:
        _link(root, target, member, place)
    directories = [entry for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    if len(directories) != 1:
        raise tarball_error(place, f"it has {len(directories)} top directories instead of one")
    return Path(directories[0])


def tarball_error(place: str, text: str) -> WorkFailed:
    """Return an error about a tarball."""
    return WorkFailed(place, text, ANOTHER_VERSION)


def _inside(root: str, name: str, place: str) -> str:
    path = os.path.normpath(os.path.join(root, name))
    if os.path.isabs(name) or "\0" in name or not f"{path}/".startswith(f"{root}/"):
        raise tarball_error(place, f"its member {shorten_name(name)!r} leads out of its directory")
    if path.count("/") - root.count("/") > MAX_DEPTH:
        raise tarball_error(
            place, f"its member {shorten_name(name)!r} is more than {MAX_DEPTH} directories deep"
        )
    return path


def _link(root: str, target: str, member: _Member, place: str) -> None:
    start = root if member.kind == "hardlink" else os.path.dirname(target)
    leads_to = os.path.realpath(os.path.join(start, member.target))
    if not f"{leads_to}/".startswith(f"{root}/"):
        raise tarball_error(place, f"its link {member.name!r} leads out of its directory")
    if os.path.lexists(target):
        os.unlink(target)
    if member.kind == "symlink":
        os.symlink(member.target, target)
    elif os.path.isfile(leads_to):
        shutil.copy2(leads_to, target)
    else:
        raise tarball_error(place, f"its link {member.name!r} leads to nothing")


def _members(path: Path, place: str) -> Iterator[tuple[_Member, IO[bytes] | None]]:
    """Yield each member, with its content if it is a file."""
    size = 0
    every = _of_zip(path) if path.suffix == ".zip" else _of_tar(path)
    for number, (member, stream) in enumerate(every):
        size += member.size
        if number >= MOST_MEMBERS or size > LARGEST_BYTES:
            raise tarball_error(
                place, f"it unpacks to more than {MOST_MEMBERS} files or {LARGEST_BYTES >> 30} GiB"
            )
        yield member, stream


def _of_tar(path: Path) -> Iterator[tuple[_Member, IO[bytes] | None]]:
    with tarfile.open(path) as archive:
        for info in archive:
            yield (
                _Member(
                    name=info.name,
                    size=info.size,
                    executable=bool(info.mode & 0o111),
                    mtime=info.mtime,
                    target=info.linkname,
                    kind="directory"
                    if info.isdir()
                    else "file"
                    if info.isreg()
                    else "symlink"
                    if info.issym()
                    else "hardlink"
                    if info.islnk()
                    else "other",
                ),
                archive.extractfile(info) if info.isreg() else None,
            )


def _of_zip(path: Path) -> Iterator[tuple[_Member, IO[bytes] | None]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            plain = stat.S_IFMT(mode) in (0, stat.S_IFREG)
            member = _Member(
                name=info.filename,
                size=info.file_size,
                executable=bool(mode & 0o111),
                mtime=time.mktime((*info.date_time, 0, 0, -1)),
                kind="directory" if info.is_dir() else "file" if plain else "other",
            )
            if member.kind != "file":
                yield member, None
                continue
            with archive.open(info) as stream:
                yield member, stream


@contextmanager
def _reading(place: str) -> Iterator[None]:
    """Raise WorkFailed for the errors that the archive modules raise for a damaged tarball."""
    try:
        yield
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        LZMAError,
        EOFError,
        ValueError,
        NotImplementedError,
        OverflowError,
    ) as error:
        raise tarball_error(place, f"can't be unpacked: {error}") from None
    except OSError as error:
        if error.errno is None:  # gzip's and bz2's
            raise tarball_error(place, f"can't be unpacked: {error}") from None
        if error.errno in UNSAFE_NAME:
            name = shorten_name(os.path.basename(os.fsdecode(error.filename or "")))
            raise tarball_error(
                place, f"its member {name!r} can't be created: {error.strerror}"
            ) from None
        raise
