"""Read requirements/apps.in: what the project asks for, one requirement a line.

A line `-r NAME` includes another file of requirements/, whose path is relative, as in pip.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.ve.standards.requirement import (
    InvalidRequirement,
    Requirement,
    parse_requirement,
)
from vendor_fetch.index.setting import without_passwords
from vendor_fetch.program import edit_and_sync, restore_command, sync_command
from vendor_fetch.project.project import APPS_IN, VendorProject

# The part of a line that an error message quotes.
_QUOTED = re.compile(r"'([^']+)'")
_INCLUDE = re.compile(r"(?:-r\s*|--requirement[\s=]\s*)(?P<path>\S+)")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of apps.in, or of a file that it includes; `file` is relative to the project."""

    file: PurePosixPath
    number: int
    text: str

    @property
    def place(self) -> str:
        """The file and the number of the line, as an error message starts with it."""
        return f"{self.file}:{self.number}"


def apps_in(project: Path) -> list[Requirement]:
    """Return the requirements of apps.in. Raise InputError for a wrong line."""
    return [requirement for _, requirement in requirements_with_lines(project)]


def requirements_with_lines(project: Path) -> Iterator[tuple[Line, Requirement]]:
    """Yield the requirements of apps.in with their lines. Raise InputError for a wrong line."""
    for line in _lines(project, APPS_IN, ()):
        if line.text.startswith("-"):
            option = line.text.split()[0]
            raise _line_error(
                line,
                f"{option}: options don't belong here, except -r; the configuration of pip or uv "
                "says where packages come from",
                option,
            )
        try:
            yield line, parse_requirement(line.text)
        except InvalidRequirement as error:
            quoted = _QUOTED.search(str(error))
            raise _line_error(line, str(error), quoted[1] if quoted else "") from None


def included_files(project: Path) -> list[PurePosixPath]:
    """Return apps.in and the files that it includes. Raise InputError for a wrong include."""
    files = {APPS_IN: None}
    for line in _lines(project, APPS_IN, ()):
        files.setdefault(line.file)
    return list(files)


def check_requirements(project: VendorProject) -> None:
    """Raise InputError, with the line, for faults that a resolver reports less clearly.

    These are lines that cannot be parsed, and files that are not there.
    """
    for line, requirement in requirements_with_lines(project.vendored):
        path = requirement.path
        if (
            path
            and "://" not in requirement.text
            and any(requirement.applies(target.environment) for target in project.targets)
            and not (project.directory / path).is_file()
        ):
            raise InputError(
                line.place,
                f"{path}: there is no such file",
                f"{restore_command(path)}  # or change the line, then: {sync_command()}",
            )


def _lines(
    project: Path, file: PurePosixPath, including: tuple[PurePosixPath, ...]
) -> Iterator[Line]:
    """Yield the lines of a file and of those that it includes, without comments and empty lines.

    `including` are the files that led to this one.
    """
    try:
        lines = (project / file).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(
            str(file),
            f"not UTF-8 at byte {error.start}",
            edit_and_sync(file, "save it as UTF-8"),
        ) from None
    for number, content in enumerate(lines, 1):
        if text := re.sub(r"(^|\s)#.*$", "", content).strip():
            line = Line(file=file, number=number, text=text)
            if include := _INCLUDE.fullmatch(text):
                included = _included(project, line, include["path"], (*including, file))
                yield from _lines(project, included, (*including, file))
            else:
                yield line


def _included(
    project: Path, line: Line, path: str, including: tuple[PurePosixPath, ...]
) -> PurePosixPath:
    """Return the file that a line includes. Raise InputError if it cannot be included."""
    included = PurePosixPath(os.path.normpath(line.file.parent / path))
    if included.is_absolute() or included.parts[0] == "..":
        raise _line_error(line, f"{path}: the file is not in the project", path)
    if included in including:
        raise _line_error(line, f"{path}: the file includes itself", path)
    if not (project / included).is_file():
        raise InputError(
            line.place,
            f"{included}: there is no such file",
            f"{restore_command(included)}  # or change the line, then: {sync_command()}",
        )
    return included


def _line_error(line: Line, fault: str, part: str) -> InputError:
    """Return the error that shows the line, with a caret below the wrong part."""
    text = without_passwords(line.text)
    caret = f"\n    {' ' * text.index(part)}^" if part and part in text else ""
    return InputError(
        line.place,
        f"{without_passwords(fault)}\n    {text}{caret}",
        edit_and_sync(line.file, f"correct line {line.number}"),
    )
