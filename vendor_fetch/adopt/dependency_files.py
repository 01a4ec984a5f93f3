"""Find the dependency files of a project, and read them."""

import configparser
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted
from vendor_fetch.adopt.entry import Entry
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
from vendor_fetch.adopt.requirements_file import read_requirements
from vendor_fetch.adopt.setup_py import read_setup_py
from vendor_fetch.adopt.tarballs import from_folders

Read = Callable[[Path, Collection[str]], Iterator[Entry]]
# Where a project may list what the live site needs, the likeliest first.
_LISTS = (
    "requirements.in",
    "requirements/production.in",
    "requirements/prod.in",
    "requirements/base.in",
    "requirements/requirements.in",
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/requirements.txt",
    "requirements/base.txt",
    "requirements/common.txt",
    "requirements/apps.txt",
)

# A file that another tool has written may be anything.
_FAULTS = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError),
    *(SyntaxError, RecursionError, configparser.Error),
)

# What conda and its relatives read.
_FOREIGN = ("environment.yml", "environment.yaml", "conda-lock.yml", "pixi.toml", "pixi.lock")
_OTHER_LISTS = (
    "*requirements*.txt",
    "*requirements*.in",
    "requirements/*.txt",
    "requirements/*.in",
)


@dataclass(frozen=True, kw_only=True)
class DependencyFiles:
    """The files that a project is adopted from: those `read`, and `others` that it also has."""

    read: tuple[Path, ...]
    others: tuple[Path, ...] = ()


def find_files(root: Path) -> DependencyFiles:
    """Return the files that say what a project depends on. Raise InputError if there are none.

    A lock comes before a list, because it has the versions that the live site runs with.
    """
    pyproject = _table(root / "pyproject.toml") if (root / "pyproject.toml").is_file() else {}
    kinds = [
        _existing(root, "uv.lock", "pyproject.toml"),
        _existing(root, "poetry.lock", "pyproject.toml")
        or (_existing(root, "pyproject.toml") if "poetry" in pyproject.get("tool", {}) else []),
        _existing(root, "pdm.lock", "pyproject.toml"),
        _existing(root, "Pipfile.lock", "Pipfile") or _existing(root, "Pipfile"),
        _existing(root, "pylock.toml"),
        _lists(root),
        _existing(root, "pyproject.toml")
        if pyproject.get("project", {}).get("dependencies") or has_dynamic_dependencies(pyproject)
        else [],
        # Many a setup.cfg only configures flake8.
        _existing(root, "setup.cfg") if has_install_requires(root / "setup.cfg") else [],
        _existing(root, "setup.py"),
    ]
    found = [files for files in kinds if files]
    foreign = [path for name in _FOREIGN for path in _existing(root, name)]
    if not found and foreign:
        raise InputError(
            str(root),
            f"{foreign[0].name} is of another package manager, whose packages are not for pip",
            "ve/bin/python -m pip freeze > requirements.txt  # of the environment that it runs in",
        )
    if not found:
        raise InputError(
            str(root),
            "it has no file that says what it depends on",
            "ve/bin/python -m pip freeze > requirements.txt  # of the virtualenv that it runs in",
        )
    chosen = found[0]
    lists = [path for pattern in _OTHER_LISTS for path in sorted(root.glob(pattern))]
    every = [*(file for files in found[1:] for file in files), *foreign, *lists]
    others = [file for file in every if file not in chosen]
    return DependencyFiles(read=tuple(chosen), others=tuple(dict.fromkeys(others)))


def read_files(files: Sequence[Path], root: Path, groups: Collection[str]) -> list[Entry]:
    """Return the entries of files. Raise InputError for a file that cannot be read."""
    entries: list[Entry] = []
    # A lock has pins only if another file has the wishes.
    wishes = {file.name for file in files}
    for file in files:
        try:
            entries += _read(file, root, groups, wishes)
        except _FAULTS as error:
            name = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
            raise InputError(
                name, f"can't be read: {error}", f"${{EDITOR:-vi}} {quoted(name)}  # correct it"
            ) from None
    return from_folders(entries, root)


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
            yield from read_requirements(file, root)


def _table(file: Path) -> Mapping[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8-sig"))


def _existing(root: Path, *names: str) -> list[Path]:
    """Return the files of a kind; the first name must be there."""
    if not (root / names[0]).is_file():
        return []
    return [root / name for name in names if (root / name).is_file()]


def _lists(root: Path) -> list[Path]:
    """Return the likeliest list; one that pip-compile wrote follows the one that it is made of."""
    for name in _LISTS:
        path = root / name
        if path.is_file():
            compiled = path.with_suffix(".txt")
            return [path, compiled] if path.suffix == ".in" and compiled.is_file() else [path]
    others = sorted([*root.glob("requirements*.txt"), *root.glob("requirements/*.txt")])
    return others[:1]
