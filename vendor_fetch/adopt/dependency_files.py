"""Find the dependency files of a project, and read them."""

import configparser
import os
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.next_step import existing
from bootstrapper.quoting import quoted
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.index_entry import with_commands
from vendor_fetch.adopt.locks import (
    read_pdm_lock,
    read_pipfile,
    read_pipfile_lock,
    read_uv_lock,
)
from vendor_fetch.adopt.poetry import read_poetry, read_poetry_lock
from vendor_fetch.adopt.pylock import read_pylock
from vendor_fetch.adopt.pyproject import (
    has_dynamic_dependencies,
    has_install_requires,
    read_pyproject,
    read_setup_cfg,
)
from vendor_fetch.adopt.requirement_lists import (
    constraints_beside,
    every_list,
    is_compiled,
    is_constraints,
    site_lists,
)
from vendor_fetch.adopt.requirements_file import read_requirements
from vendor_fetch.adopt.setup_py import names_requirements, read_setup_py
from vendor_fetch.adopt.tarballs import from_folders
from vendor_fetch.program import retry_command

Read = Callable[[Path, Collection[str]], Iterator[Entry]]
# A file that another tool has written may be anything.
_FAULTS = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError),
    *(SyntaxError, RecursionError, configparser.Error),
)

# What conda and its relatives read, and zc.buildout.
_FOREIGN = (
    *("environment.yml", "environment.yaml", "conda-lock.yml", "pixi.toml", "pixi.lock"),
    "buildout.cfg",
)


@dataclass(frozen=True, kw_only=True)
class DependencyFiles:
    """The files that a project is adopted from: those `read`, and `others` that it also has."""

    read: tuple[Path, ...]
    others: tuple[Path, ...] = ()


def project_entries(
    root: Path, base: Path, named: Sequence[Path], groups: Collection[str]
) -> tuple[list[Entry], list[Path]]:
    """Return the entries of a project's files, and the files that were not read.

    The files are the `named` ones, or those that are found. Raise InputError.
    """
    found = DependencyFiles(read=tuple(path.absolute() for path in named))
    if not named:
        found = find_files(root, base)
    for path in found.read:
        if not path.is_file():
            raise InputError(str(path), "there is no such file", f"ls {existing(path.parent)}")
    entries = read_files(found.read, root, groups)
    return entries, [path for path in found.others if not _is_in(path, entries, root)]


def find_files(root: Path, base: Path | None = None) -> DependencyFiles:
    """Return the files that say what a project depends on. Raise InputError if there are none.

    A lock comes before a list, because it has the versions that the live site runs with. The
    directory `base` of manage.py counts if the root has no file, and the others after it.
    """
    folders = dict.fromkeys((root, base or root))
    found = [files for folder in folders for files in _kinds(folder) if files]
    found += filter(None, [site_lists(root)])
    lists = every_list(root)
    foreign = [path for name in _FOREIGN for path in _existing(root, name)]
    if not found:
        raise _nothing_found(root, foreign, lists)
    chosen = found[0]
    if chosen[0] in lists:
        chosen = [*chosen, *constraints_beside(chosen, root)]
    every = [*(file for files in found[1:] for file in files), *foreign, *lists]
    others = [file for file in every if file not in chosen]
    return DependencyFiles(read=tuple(chosen), others=tuple(dict.fromkeys(others)))


def _kinds(folder: Path) -> list[list[Path]]:
    """Return the files of each kind that a folder has, those that say most first."""
    file = folder / "pyproject.toml"
    pyproject = _readable(file, folder) if file.is_file() else {}
    project, tool = (pyproject.get(key) or {} for key in ("project", "tool"))
    return [
        _existing(folder, "uv.lock", "pyproject.toml"),
        _existing(folder, "poetry.lock", "pyproject.toml")
        or (_existing(folder, "pyproject.toml") if "poetry" in tool else []),
        _existing(folder, "pdm.lock", "pyproject.toml"),
        _existing(folder, "Pipfile.lock", "Pipfile") or _existing(folder, "Pipfile"),
        _existing(folder, "pylock.toml") or sorted(folder.glob("pylock.*.toml"))[:1],
        site_lists(folder, is_near=True),
        _existing(folder, "pyproject.toml")
        if project.get("dependencies") or has_dynamic_dependencies(pyproject)
        else [],
        # Many a setup.cfg only configures flake8, and many a setup.py reads it.
        _existing(folder, "setup.cfg") if has_install_requires(folder / "setup.cfg") else [],
        _existing(folder, "setup.py") if names_requirements(folder / "setup.py") else [],
    ]


def _nothing_found(root: Path, foreign: Sequence[Path], lists: Sequence[Path]) -> InputError:
    freeze = "ve/bin/python -m pip freeze > requirements.txt  # of the {} that it runs in"
    if lists:
        name = str(lists[0].relative_to(root))
        return InputError(
            str(root),
            f"it has only lists of other environments than the live site's, such as {name}",
            f"{retry_command()} --from {quoted(name)}  # if the site is installed from it",
        )
    if foreign:
        fault = f"{foreign[0].name} is of another package manager, whose packages are not for pip"
        return InputError(str(root), fault, freeze.format("environment"))
    fault = "it has no file that says what it depends on"
    return InputError(str(root), fault, freeze.format("virtualenv"))


def read_files(files: Sequence[Path], root: Path, groups: Collection[str]) -> list[Entry]:
    """Return the entries of files. Raise InputError for a file that cannot be read."""
    entries: list[Entry] = []
    # A lock has pins only if another file has the wishes.
    wishes = {file.name for file in files}
    for file in files:
        # A list may have read its limits.
        if is_constraints(file) and _is_in(file, entries, root):
            continue
        try:
            is_lock = any(is_compiled(file, source) for source in files)
            entries += (
                replace(each, place=_from_root(each.place, file, root), is_lock=is_lock)
                for each in _read(file, root, groups, wishes)
            )
        except _FAULTS as error:
            raise _unreadable(file, root, error) from None
    return with_commands(from_folders(entries, root), root)


def _from_root(place: str, file: Path, root: Path) -> str:
    """Return a place with the path of its file, of which some readers know the name only."""
    name, colon, rest = place.partition(":")
    return f"{os.path.relpath(file, root)}{colon}{rest}" if name == file.name else place


def _is_in(file: Path, entries: Iterable[Entry], root: Path) -> bool:
    name = os.path.relpath(file, root)
    return any(entry.place.partition(":")[0] == name for entry in entries)


def _unreadable(file: Path, root: Path, error: Exception) -> InputError:
    name = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
    return InputError(
        name, f"can't be read: {error}", f"${{EDITOR:-vi}} {quoted(name)}  # correct it"
    )


def _readable(file: Path, root: Path) -> Mapping[str, Any]:
    """Return the content of a file of TOML. Raise InputError."""
    try:
        return _table(file)
    except _FAULTS as error:
        raise _unreadable(file, root, error) from None


def _read(
    file: Path, root: Path, groups: Collection[str], files: Collection[str]
) -> Iterator[Entry]:
    match file.name:
        case "Pipfile":
            yield from read_pipfile(_table(file), groups)
        case "Pipfile.lock":
            yield from read_pipfile_lock(file, groups, wishes="Pipfile" not in files)
        case "poetry.lock":
            yield from read_poetry_lock(_table(file))
        case "uv.lock":
            yield from read_uv_lock(_table(file))
        case "pdm.lock":
            yield from read_pdm_lock(_table(file))
        case "setup.cfg":
            yield from read_setup_cfg(file, groups)
        case "setup.py":
            yield from read_setup_py(file, groups)
        case "pyproject.toml":
            content = _table(file)
            yield from read_pyproject(content, root, groups)
            yield from read_poetry(content, root, groups)
        case name if name.startswith("pylock.") and name.endswith(".toml"):
            yield from read_pylock(_table(file), name, groups)
        case _:
            yield from read_requirements(file, root, limits_only=is_constraints(file))


def _table(file: Path) -> Mapping[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8-sig"))


def _existing(root: Path, *names: str) -> list[Path]:
    """Return the files of a kind; the first name must be there."""
    if not (root / names[0]).is_file():
        return []
    return [root / name for name in names if (root / name).is_file()]
