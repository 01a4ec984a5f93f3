"""A project's directory, its apps.in, and its pyproject.toml."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bootstrapper.errors import InputError, refused
from bootstrapper.next_step import edit, existing
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import APPS
from bootstrapper.ve.project.requirement_lines import requirement_lines
from bootstrapper.ve.standards.version import InvalidVersion, Version, matches

# The keys of pyproject.toml that are read here; docs/reference.md prints this table.
KEYS = {
    ("project", "requires-python"): (
        'a version specifier (PEP 440) such as `"==3.12.*"`',
        "any Python from 3.11 on",
        "the Python of the virtualenv, for which the files are fetched",
    ),
    ("tool.bootstrapper", "largest-wheel"): (
        'a size such as `"2 GB"`, or a number of bytes',
        "512 MiB",
        "the largest unpacked size of a wheel. A larger wheel is refused if it also unpacks to "
        "more than 50 times its own size",
    ),
    ("tool.vendor_fetch", "build-requires"): (
        'a list of requirements such as `["setuptools<81", "six"]`',
        "none",
        "what every tarball of the application is built with, besides its own build requirements",
    ),
}


class Project:
    """A project's directory. Raise InputError if it is none."""

    def __init__(self, directory: Path) -> None:
        self.directory = Path(os.path.abspath(directory))
        if not self.requirements.is_dir():
            raise InputError(
                str(self.directory),
                f"is no project: it has no {APPS.parent}/",
                f"ls {existing(self.directory)}  # cd to the project, or use --project DIRECTORY",
            )
        path = os.fspath(self.directory)
        if not _is_usable(path):
            # PATH can't hold such a path, and neither can every file that names it.
            raise InputError(
                ascii(path),
                f"a virtualenv does not work at a path with {os.pathsep!r} or with "
                "characters that can't be printed",
                _renaming(path),
            )

    @property
    def requirements(self) -> Path:
        """The directory of the locks and vendored files. `project_lock` locks it."""
        return self.directory / APPS.parent

    @property
    def ve(self) -> Path:
        """The directory of the virtualenv."""
        return self.directory / "ve"

    @property
    def wanted(self) -> list[str]:
        """The requirements in apps.in and in the files that it includes, without comments."""
        return list(_requirements(self.directory / APPS.with_suffix(".in"), ()))

    @contextmanager
    def writable(self) -> Iterator[None]:
        """Raise WorkFailed for operations that the system refuses while the block runs."""
        try:
            yield
        except OSError as error:
            raise refused(error, self.directory, again="./bootstrap.py") from error


def _requirements(file: Path, including: tuple[Path, ...]) -> Iterator[str]:
    """Yield the requirements of a file; those of an unreadable one are unknown."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for line in requirement_lines(text):
        if line.included:
            included = Path(os.path.normpath(file.parent / line.included))
            if included not in (*including, file):
                yield from _requirements(included, (*including, file))
        elif line.requirement:
            yield line.requirement


def _is_usable(path: str) -> bool:
    return os.pathsep not in path and path.isprintable()


def _renaming(path: str) -> str:
    """Return the command that renames the first directory of an unusable path."""
    parts = path.split(os.sep)
    number = next(at for at, part in enumerate(parts) if not _is_usable(part))
    old = os.sep.join(parts[: number + 1])
    letters = (letter if _is_usable(letter) else "-" for letter in parts[number])
    new = os.sep.join([*parts[:number], "".join(letters)])
    return f"mv {quoted(old)} {quoted(new)}"


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*((?:[KMGT]i?)?B?)", re.IGNORECASE)
_UNITS = {
    f"{prefix}{i}{b}": (1024 if i else 1000) ** power
    for power, prefix in enumerate(["", "K", "M", "G", "T"])
    for i in (["", "I"] if prefix else [""])
    for b in ("", "B")
}


def read(project: Path) -> Mapping[str, Any]:
    """Return the content of pyproject.toml; empty if there is none. Raise InputError."""
    try:
        return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except ValueError as error:  # of TOML, or of UTF-8
        raise InputError(*_place_of(error, project), edit("pyproject.toml", "correct it")) from None


def requires_python(project: Path) -> str:
    """Return `requires-python`, such as `==3.12.*`; empty if it is not set. Raise InputError."""
    value = table(read(project), "project").get("requires-python", "")
    try:
        matches(Version("3"), value)
    except (InvalidVersion, AttributeError):
        raise InputError(
            "pyproject.toml",
            f"requires-python = {value!r} is not a version specifier (PEP 440)",
            edit("pyproject.toml", 'such as: requires-python = "==3.12.*"'),
        ) from None
    return str(value)


def build_requires(project: Path) -> tuple[str, ...]:
    """Return the project's own requirements for building tarballs. Raise InputError.

    Ignore what is no list of texts; vendor_fetch refuses it.
    """
    asked = table(read(project), "tool", "vendor_fetch").get("build-requires", [])
    return tuple(each for each in asked if isinstance(each, str)) if isinstance(asked, list) else ()


def largest_wheel(project: Path) -> int:
    """Return the limit of a wheel's unpacked size, in bytes. Raise InputError.

    It is `largest-wheel` in [tool.bootstrapper]: a number of bytes, or a text such as "2 GB".
    """
    from bootstrapper.ve.wheel.wheel import BOMB_SIZE  # most rebuilds unpack nothing

    value = table(read(project), "tool", "bootstrapper").get("largest-wheel", BOMB_SIZE)
    match = _SIZE.fullmatch(str(value).strip())
    if not match or isinstance(value, bool):
        raise InputError(
            "pyproject.toml",
            f"largest-wheel = {value!r} is not a size",
            edit(
                "pyproject.toml",
                'in [tool.bootstrapper], such as: largest-wheel = "2 GB"; or a number of bytes',
            ),
        )
    return int(float(match[1]) * _UNITS[match[2].upper()])


def table(settings: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the table `[a.b]` by its names; empty if it is missing. Raise InputError."""
    for name in names:
        settings = settings.get(name, {})
        if not isinstance(settings, Mapping):
            raise InputError(
                "pyproject.toml",
                f"{name} is not a table",
                edit("pyproject.toml", f"write it as a table, [{name}]"),
            )
    return settings


def _place_of(error: ValueError, project: Path) -> tuple[str, str]:
    """Return the place of a fault in pyproject.toml, and the fault with its line.

    A fault of TOML ends in `(at line 3, column 5)`; one of UTF-8 has no line.
    """
    match = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
    if not match:
        return "pyproject.toml", str(error)
    fault, number, column = match[1], int(match[2]), int(match[3])
    line = (project / "pyproject.toml").read_text(encoding="utf-8-sig").split("\n")[number - 1]
    return f"pyproject.toml:{number}", f"{fault}\n    {line}\n    {' ' * (column - 1)}^"
