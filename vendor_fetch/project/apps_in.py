"""Read requirements/apps.in: what the project asks for, one requirement a line.

A line `-r NAME` includes another file of requirements/, and `-c NAME` one that limits versions only.
Their paths are relative to the file, as in pip; those of requirements start at the project.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bootstrapper.address import without_passwords
from bootstrapper.errors import InputError
from bootstrapper.ve.project.requirement_lines import requirement_lines
from bootstrapper.ve.standards.requirement import InvalidRequirement, Requirement
from vendor_fetch.program import edit_and_sync, restore_command, sync_command
from vendor_fetch.project.direct_reference import (
    DirectReference,
    parse_address,
    parse_line,
    with_vendored_path,
)
from vendor_fetch.project.origins import read_origins
from vendor_fetch.project.pip_options import RefusedOption, split_hashes
from vendor_fetch.project.project import APPS_IN, VendorProject

# The part of a line that an error message quotes.
_QUOTED = re.compile(r"'([^']+)'")
_CONSTRAINTS = re.compile(r"(?:-c\s*|--constraint[\s=]\s*)(?P<path>\S+)")
# The variables of markers that no target has, and what a line can have instead.
UNKNOWN_VARIABLES = {
    "platform_release": "name sys_platform or platform_machine instead",
    "platform_version": "name sys_platform or platform_machine instead",
    "extra": "delete the marker; a package is asked for with its extra by NAME[EXTRA]",
}
# https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
_MERGE = re.compile(r"(?:<{7}|\|{7}|={7}|>{7})(?: .*)?")
# https://pip.pypa.io/en/stable/reference/requirements-file-format/#using-environment-variables
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of apps.in, or of a file that it includes; `file` is relative to the project.

    It goes from row `number` to row `last`. `written` is the whole line, `text` what it has besides
    its hashes. With `limits_only`, it stands in a file of constraints.
    """

    file: PurePosixPath
    number: int
    last: int
    written: str
    text: str
    hashes: tuple[str, ...] = ()
    limits_only: bool = False

    @property
    def place(self) -> str:
        """The file and the number of the line, as an error message starts with it."""
        return f"{self.file}:{self.number}"


def apps_in(project: Path) -> list[Requirement]:
    """Return the requirements of apps.in. Raise InputError for a wrong line."""
    return [requirement for _, requirement in requirements_with_lines(project)]


def requirements_with_lines(project: Path) -> Iterator[tuple[Line, Requirement]]:
    """Yield the requirements of apps.in with their lines. Raise InputError for a wrong line.

    A direct reference that is vendored has the `path` of its file.
    """
    vendored = {origin.url: file for file, origin in read_origins(project).items()}
    for line, requirement in _parsed(project):
        if not line.limits_only:
            file = vendored.get(requirement.url) if requirement.url else None
            yield line, with_vendored_path(requirement, file) if file else requirement


def constraints_with_lines(project: Path) -> Iterator[tuple[Line, Requirement]]:
    """Yield the lines of the files of constraints. Raise InputError for a wrong line."""
    for line, requirement in _parsed(project):
        if line.limits_only:
            if requirement.url or requirement.path or requirement.extras:
                raise _line_error(
                    line, "a constraint is a name with versions; apps.in can have this line", ""
                )
            yield line, requirement


def direct_references(
    project: VendorProject,
) -> Iterator[tuple[Line, Requirement, DirectReference]]:
    """Yield the lines of apps.in that name an address for a target. Raise InputError."""
    for line, requirement in requirements_with_lines(project.vendored):
        if requirement.url and any(
            requirement.applies(target.environment) for target in project.targets
        ):
            yield line, requirement, parse_address(requirement.url)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a line asks of the resolver: `text` is a requirement as PEP 508 writes it."""

    line: Line
    requirement: Requirement
    text: str


def requests(project: VendorProject) -> list[Request]:
    """Return what apps.in and its constraints ask for, with vendored files for addresses."""
    found = []
    for line, requirement in requirements_with_lines(project.vendored):
        text = requirement.text
        path = requirement.path
        if path and (requirement.url or _is_new(project, path)):
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            file = (project.source / path.name).absolute().as_uri()
            marker = f" ; {requirement.marker}" if requirement.marker else ""
            text = f"{requirement.name}{extras} @ {file}{marker}"
        elif requirement.url:  # no target asks for it, so it is not vendored
            continue
        found.append(Request(line=line, requirement=requirement, text=text))
    return found + [
        Request(line=line, requirement=requirement, text=requirement.text)
        for line, requirement in constraints_with_lines(project.vendored)
    ]


def _is_new(project: VendorProject, path: PurePosixPath) -> bool:
    """Return whether a vendored file is not in its place yet, or other bytes are there."""
    present, beside = project.directory / path, project.source / path.name
    if not present.is_file():
        return True
    return beside.is_file() and beside.read_bytes() != present.read_bytes()


def requested_lines(requests: Iterable[Request]) -> list[str]:
    """Return the requirements among the requests."""
    return [each.text for each in requests if not each.line.limits_only]


def limiting_lines(requests: Iterable[Request]) -> list[str]:
    """Return the constraints among the requests."""
    return [each.text for each in requests if each.line.limits_only]


def accepted_hashes(project: VendorProject) -> dict[str, set[str]]:
    """Return the sha256 that the lines of each package allow, for the packages whose lines do."""
    found: dict[str, set[str]] = {}
    for read in (requirements_with_lines, constraints_with_lines):
        for line, requirement in read(project.vendored):
            if line.hashes:
                found.setdefault(requirement.name, set()).update(line.hashes)
    return found


def _parsed(project: Path) -> Iterator[tuple[Line, Requirement]]:
    for line in _lines(project, APPS_IN, ()):
        if match := _VARIABLE.search(line.text):
            raise _line_error(
                line,
                f"{match[0]}: the line would ask for different files on different machines; "
                "~/.netrc or a keyring can have passwords",
                match[0],
            )
        try:
            requirement = parse_line(line.text)
        except InvalidRequirement as error:
            quoted = _QUOTED.search(str(error))
            raise _line_error(line, str(error), quoted[1] if quoted else "") from None
        if requirement.marker:
            for name in requirement.marker.variables & UNKNOWN_VARIABLES.keys():
                fault = f"{name}: it is not known for a target, so no machine would get the package"
                raise _line_error(line, fault, name, UNKNOWN_VARIABLES[name])
        yield line, requirement


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
            and not requirement.url
            and any(requirement.applies(target.environment) for target in project.targets)
            and not (project.directory / path).is_file()
            and not (project.source / path.name).is_file()
        ):
            raise InputError(
                line.place,
                f"{path}: there is no such file",
                f"{restore_command(path)}  # or change the line, then: {sync_command()}",
            )


def _lines(
    project: Path,
    file: PurePosixPath,
    including: tuple[PurePosixPath, ...],
    *,
    limits_only: bool = False,
) -> Iterator[Line]:
    """Yield the lines of a file and of those that it includes, without comments and empty lines.

    `including` are the files that led to this one.
    """
    try:
        content = (project / file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            str(file),
            f"not UTF-8 at byte {error.start}",
            edit_and_sync(file, "save it as UTF-8"),
        ) from None
    for row in requirement_lines(content):
        line = Line(
            file=file,
            number=row.first,
            last=row.last,
            written=row.text,
            text=row.text,
            limits_only=limits_only,
        )
        if _MERGE.fullmatch(row.text):
            raise _line_error(
                line,
                "git has left a conflict of two versions of the file here",
                row.text,
                f"keep the requirements that you want, and delete the lines with {row.text[:7]} and "
                "the like",
            )
        limiting = _CONSTRAINTS.fullmatch(row.text)
        if path := limiting["path"] if limiting else row.included:
            included = _included(project, line, path, (*including, file))
            yield from _lines(
                project,
                included,
                (*including, file),
                limits_only=limits_only or bool(limiting),
            )
            continue
        try:
            text, hashes = split_hashes(row.text)
        except RefusedOption as refused:
            raise _line_error(line, str(refused), refused.option, refused.change) from None
        yield replace(line, text=text, hashes=hashes)


def _included(
    project: Path, line: Line, path: str, including: tuple[PurePosixPath, ...]
) -> PurePosixPath:
    """Return the file that a line includes. Raise InputError if it cannot be included."""
    included = PurePosixPath(os.path.normpath(line.file.parent / path))
    if "://" in path:
        raise _line_error(
            line, f"{path}: a file of the project must have these lines", path, "name a copy of it"
        )
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


def _line_error(line: Line, fault: str, part: str, change: str = "") -> InputError:
    """Return the error that shows the line, with a caret below the wrong part."""
    text = without_passwords(line.written)
    caret = f"\n    {' ' * text.index(part)}^" if part and part in text else ""
    change = f"in line {line.number}, {change}" if change else f"correct line {line.number}"
    return InputError(
        line.place,
        f"{without_passwords(fault)}\n    {text}{caret}",
        edit_and_sync(line.file, without_passwords(change)),
    )
