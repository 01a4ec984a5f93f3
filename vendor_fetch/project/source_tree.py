"""Copy and hash the files of a local project, without what is made from them."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from bootstrapper.ve.project.vendored_files import sha256_of
from vendor_fetch.project.direct_reference import DirectReference, local_path
from vendor_fetch.project.origins import Origin

# Directories that tools make, wherever they are, and those that they make at the top.
_MADE = {
    "__pycache__",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "node_modules",
}
_MADE_AT_TOP = {"build", "dist"}


def copy_tree(source: Path, copy: Path) -> None:
    """Copy a project into a new directory, with the history that git has of it. Raise OSError."""
    shutil.copytree(
        source, copy, symlinks=True, ignore=lambda folder, names: _made(folder, names, source)
    )


def hash_tree(source: Path) -> str:
    """Return a sha256 of the names, contents and permissions of a project's files. Raise OSError."""
    digest = hashlib.sha256()
    for path in _files(source):
        mode = path.lstat().st_mode
        kind = "link" if stat.S_ISLNK(mode) else "program" if mode & 0o100 else "file"
        content = os.readlink(path).encode() if kind == "link" else path.read_bytes()
        parts = (str(path.relative_to(source)), kind, hashlib.sha256(content).hexdigest())
        digest.update("\0".join(parts).encode(errors="surrogateescape") + b"\n")
    return digest.hexdigest()


def has_changed(project: Path, reference: DirectReference, origin: Origin) -> bool:
    """Return whether a local file or project is there, and differs from what is vendored."""
    if reference.kind != "path":
        return False
    path = local_path(reference, project)
    if path.is_dir():
        return hash_tree(path) != origin.pin
    return path.is_file() and sha256_of(path) != origin.pin


def _files(source: Path) -> Iterator[Path]:
    found = []
    for folder, directories, names in os.walk(source):
        made = _made(folder, [*directories, *names], source) | {".git"}
        directories[:] = [name for name in directories if name not in made]
        links = [name for name in directories if os.path.islink(os.path.join(folder, name))]
        found += [Path(folder, name) for name in (*names, *links) if name not in made]
    yield from sorted(found)


def _made(folder: str, names: list[str], source: Path) -> set[str]:
    """Return the names in a folder that a copy leaves out: made files, virtualenvs, and devices."""
    at_top = Path(folder) == source
    return {
        name
        for name in names
        if name in _MADE
        or name.endswith((".pyc", ".egg-info"))
        or (at_top and name in _MADE_AT_TOP)
        or os.path.isfile(os.path.join(folder, name, "pyvenv.cfg"))
        or not _is_ordinary(os.path.join(folder, name))
    }


def _is_ordinary(path: str) -> bool:
    mode = os.lstat(path).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
