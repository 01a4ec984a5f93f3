"""What people ask for: requirements/apps.in, a requirement a line."""

import re
from collections.abc import Iterator
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.ve.standards.requirement import (
    InvalidRequirement,
    Requirement,
    parse_requirement,
)
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.project.target import Target


def apps_in(project: Path) -> list[Requirement]:
    """What requirements/apps.in asks for. Raises InputError, which names the line."""
    return [requirement for _, requirement in numbered_requirements(project)]


def numbered_requirements(project: Path) -> Iterator[tuple[int, Requirement]]:
    """What requirements/apps.in asks for, with the numbers of its lines. Raises InputError."""
    return _lines(project / APPS_IN)


def check_requirements(project: Path, platform: Target) -> None:
    """Raises InputError, which names the line, for what a resolver would tell less well.

    That is a line which can't be read, or a file that it names and that is not there.
    """
    for number, requirement in _lines(project / APPS_IN):
        path = requirement.path
        if (
            path
            and "://" not in requirement.text
            and requirement.applies(platform.environment)
            and not (project / path).is_file()
        ):
            raise InputError(
                f"{APPS_IN} line {number}",
                f"{path}: there is no such file",
                f"bring it back (git checkout -- {path}) or change the line, then "
                "run: python -m vendor_fetch sync",
            )


def _lines(path: Path) -> Iterator[tuple[int, Requirement]]:
    fix = "mend the line, then run: python -m vendor_fetch sync"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(str(APPS_IN), f"not UTF-8 at byte {error.start}", fix) from None
    for number, raw in enumerate(lines, 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        if line.startswith("-"):
            raise InputError(
                f"{APPS_IN} line {number}",
                f"{line.split()[0]}: options don't belong here, pip's and uv's "
                "configuration says where files come from",
                fix,
            )
        if line:
            try:
                yield number, parse_requirement(line)
            except InvalidRequirement as error:
                raise InputError(f"{APPS_IN} line {number}", str(error), fix) from None
