"""Carry the cache to a machine without a network: write it to one file, and read that file there.

The file is a tar archive. Its members are the vendored files and the packages of `.tools/` by their
names, the answers of build backends, and a bundle (git-bundle(1)) for each repository:

    files/django-5.2.8-py3-none-any.whl
    tools/uv-0.9.5-….whl
    records/…/9f2c….json
    git/77ab….bundle
"""

import re
import shutil
import tarfile
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bootstrapper.errors import InputError
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from vendor_fetch.atomic_file import atomic_file
from vendor_fetch.download.cache import CHUNK, Cache
from vendor_fetch.git_command import run_git
from vendor_fetch.private_directory import make_private
from vendor_fetch.program import program_command

_RECORD = re.compile(r"records/[\w.]+/[\w.]+/[0-9a-f]{64}\.json")
_BUNDLE = re.compile(r"git/(?P<clone>[0-9a-f]{64})\.bundle")
# A record is a few lines of JSON.
_LARGEST_RECORD = 1 << 20


@dataclass
class Contents:
    """What an archive has: how many of each kind, and the bytes of the files."""

    counts: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def add(self, kind: str, size: int) -> None:
        """Count one member."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.size += size


def write_archive(path: Path, cache: Cache, hashes: Collection[str] | None) -> Contents:
    """Write the cache to a file, by one rename, and return what it has.

    With `hashes`, only the files with these sha256 are written of the vendored ones. Raise OSError.
    """
    contents = Contents()
    with atomic_file(path.parent) as file, tempfile.TemporaryDirectory() as scratch:
        # `dereference` writes a file with two names twice: `read_archive` takes no links.
        with tarfile.open(fileobj=file, mode="w|", dereference=True) as archive:  # type: ignore[call-overload]
            for name, member in _members(cache, hashes, Path(scratch)):
                info = archive.gettarinfo(str(member.resolve()), name)
                info.uid = info.gid = 0
                info.uname = info.gname = ""
                with member.open("rb") as stream:
                    archive.addfile(info, stream)
                contents.add(name.partition("/")[0], info.size)
        file.commit(path)
    return contents


def _members(
    cache: Cache, hashes: Collection[str] | None, scratch: Path
) -> Iterator[tuple[str, Path]]:
    for name, sha256 in sorted(cache.names().items()):
        if hashes is None or sha256 in hashes:
            yield f"files/{name}", cache.entry(sha256)
    for path in sorted((cache.root / "tools").glob("*")):
        yield f"tools/{path.name}", path
    for path in sorted((cache.root / "records").glob("*/*/*.json")):
        if hashes is None or path.stem in hashes:
            yield str(path.relative_to(cache.root)), path
    for clone in sorted((cache.root / "git").glob("*.git")):
        bundle = scratch / f"{clone.stem}.bundle"
        if _git(clone, "bundle", "create", "--quiet", str(bundle), "--all"):
            yield f"git/{bundle.name}", bundle


def read_archive(path: Path, cache: Cache) -> Contents:
    """Read a file of `write_archive` into the cache, and return what it had.

    Every file goes under the sha256 of its content. A file that ends in the middle leaves what was
    read before in the cache. Raise InputError if it is no such file, or OSError.
    """
    contents = Contents()
    try:
        with path.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
            for member in archive:
                kind = _put(member, archive, cache)
                if not kind:
                    raise _error(path, f"its member {member.name[:100]!r} is of no known kind")
                contents.add(kind, member.size)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _error(path, f"can't be read as the file of a cache: {error}") from None
    if not contents.counts:
        raise _error(path, "has nothing in it")
    return contents


def _put(member: tarfile.TarInfo, archive: tarfile.TarFile, cache: Cache) -> str:
    """Put a member in its place, and return its kind; empty for an unknown one."""
    # A sparse member of a few bytes can fill the disk.
    is_plain = member.isreg() and not member.issparse()
    stream = archive.extractfile(member) if is_plain else None
    kind, _, name = member.name.partition("/")
    if not stream:
        return ""
    if kind == "files" and _is_vendored(name):
        cache.add_stream(stream, name)
    elif kind == "tools" and _is_vendored(name):
        _write(cache.root / "tools" / name, cache, stream)
    elif _RECORD.fullmatch(member.name) and member.size <= _LARGEST_RECORD:
        _write(cache.root / member.name, cache, stream)
    elif match := _BUNDLE.fullmatch(member.name):
        _unbundle(stream, cache.root / "git" / f"{match['clone']}.git", cache)
    else:
        return ""
    return kind


def _is_vendored(name: str) -> bool:
    try:
        parse_filename(name)
    except InvalidFilename:
        return False
    return "/" not in name


def _write(path: Path, cache: Cache, stream: IO[bytes]) -> None:
    make_private(path.parent, cache.root)
    with atomic_file(path.parent) as file:
        while chunk := stream.read(CHUNK):
            file.write(chunk)
        file.commit(path)


def _unbundle(stream: IO[bytes], clone: Path, cache: Cache) -> None:
    """Bring the commits of a bundle into a clone. git verifies the hashes of all objects."""
    make_private(clone, cache.root)
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "bundle"
        with bundle.open("wb") as file:
            shutil.copyfileobj(stream, file)
        if not (
            _git(clone, "init", "--quiet", "--bare")
            and _git(clone, "fetch", "--quiet", "--force", str(bundle), "+refs/*:refs/*")
        ):
            raise ValueError(f"{clone.stem}.bundle is damaged")


def _git(clone: Path, *words: str) -> bool:
    return not run_git("-C", str(clone), *words).returncode


def _error(path: Path, fault: str) -> InputError:
    return InputError(
        str(path),
        fault,
        f"{program_command('cache', 'export', path.name)}  # there, to write it again",
    )
