"""Read requirements/apps.in: what the project asks for, one requirement a line."""

import re
from collections.abc import Iterator
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.ve.standards.requirement import (
    InvalidRequirement,
    Requirement,
    parse_requirement,
)
from vendor_fetch.index.setting import without_passwords
from vendor_fetch.program import edit_and_sync, restore_command, sync_command
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.project.target import Target

# The part of a line that an error message quotes.
_QUOTED = re.compile(r"'([^']+)'")


def apps_in(project: Path) -> list[Requirement]:
    """Return the requirements of apps.in. Raise InputError for a wrong line."""
    return [requirement for _, requirement in numbered_requirements(project)]


def numbered_requirements(project: Path) -> Iterator[tuple[int, Requirement]]:
    """Yield the requirements of apps.in with their line numbers. Raise InputError."""
    for number, text in _lines(project):
        if text.startswith("-"):
            option = text.split()[0]
            raise _line_error(
                number,
                option,
                f"{option}: options don't belong here; the configuration of pip or uv says where "
                "packages come from",
                option,
            )
        try:
            yield number, parse_requirement(text)
        except InvalidRequirement as error:
            quoted = _QUOTED.search(str(error))
            raise _line_error(number, text, str(error), quoted[1] if quoted else "") from None


def check_requirements(project: Path, target: Target) -> None:
    """Raise InputError, with the line, for faults that a resolver reports less clearly.

    These are lines that cannot be parsed, and files that are not there.
    """
    for number, requirement in numbered_requirements(project):
        path = requirement.path
        if (
            path
            and "://" not in requirement.text
            and requirement.applies(target.environment)
            and not (project / path).is_file()
        ):
            raise InputError(
                f"{APPS_IN}:{number}",
                f"{path}: there is no such file",
                f"{restore_command(path)}  # or change the line, then: {sync_command()}",
            )


def _lines(project: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line, without comments and empty lines."""
    try:
        lines = (project / APPS_IN).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(
            str(APPS_IN),
            f"not UTF-8 at byte {error.start}",
            edit_and_sync(APPS_IN, "save it as UTF-8"),
        ) from None
    for number, line in enumerate(lines, 1):
        if text := re.sub(r"(^|\s)#.*$", "", line).strip():
            yield number, text


def _line_error(number: int, text: str, fault: str, part: str) -> InputError:
    """Return the error that shows the line, with a caret below the wrong part."""
    text = without_passwords(text)
    caret = f"\n    {' ' * text.index(part)}^" if part and part in text else ""
    return InputError(
        f"{APPS_IN}:{number}",
        f"{without_passwords(fault)}\n    {text}{caret}",
        edit_and_sync(APPS_IN, f"correct line {number}"),
    )
