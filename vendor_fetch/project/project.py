"""The project whose files are fetched, with its settings in pyproject.toml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.next_step import existing
from bootstrapper.ve.project import project
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.requirement import InvalidRequirement, parse_requirement
from vendor_fetch.program import edit_and_sync
from vendor_fetch.project.target import Target, choose_python, this_machine

APPS_IN = PurePosixPath("requirements/apps.in")
FORMATS = ("wheel", "tarball")
# The key of pyproject.toml that is read here; docs/reference.md prints this table.
KEYS = {
    ("tool.vendor_fetch", "format"): (
        '`"wheel"` or `"tarball"`',
        '`"wheel"`',
        "with `tarball`, packages of pure Python are vendored as source distributions; compiled "
        "packages stay wheels",
    ),
}


@dataclass(frozen=True, kw_only=True)
class VendorProject:
    """A directory with requirements/apps.in.

    `format` is "wheel" or "tarball". With "tarball", a package of pure Python is vendored as its
    source distribution if it has one. Compiled packages stay wheels: a production server has
    Python and no compiler.

    `build_requires` are build requirements that the project adds to those that its tarballs
    declare: a backend may ask for more when it is called (PEP 517, `get_requires_for_build_wheel`).
    """

    directory: Path
    target: Target
    format: str = "wheel"
    build_requires: tuple[str, ...] = ()

    @property
    def source(self) -> Path:
        """The directory of the vendored files."""
        return self.directory / SOURCE

    @property
    def apps_in(self) -> Path:
        """The file that lists what the project asks for."""
        return self.directory / APPS_IN


def open_project(directory: Path) -> VendorProject:
    """Return the project in a directory, with the settings of its pyproject.toml.

    `requires-python` says for which Python files are fetched. `[tool.vendor_fetch]` has `format`
    and `build-requires`, a list of requirements. Raise InputError for wrong settings.
    """
    if not (directory / APPS_IN).is_file():
        raise InputError(
            str(directory / APPS_IN),
            "the file is missing, so this is no project",
            f"ls {existing(directory)}  # cd to the project, or use --project DIR",
        )
    settings = project.table(project.read(directory), "tool", "vendor_fetch")
    file_format = settings.get("format", "wheel")
    if file_format not in FORMATS:
        raise _setting_error(
            directory,
            "format",
            f"format is {file_format!r}; it can be wheel or tarball",
            'format = "wheel"',
        )
    python, micro = choose_python(project.requires_python(directory))
    return VendorProject(
        directory=directory,
        target=this_machine(python, micro=micro),
        format=file_format,
        build_requires=_build_requires(settings, directory),
    )


def _build_requires(settings: Mapping[str, Any], directory: Path) -> tuple[str, ...]:
    """Return the setting `build-requires`. Raise InputError if it is no list of requirements."""

    def error(fault: str) -> InputError:
        return _setting_error(
            directory,
            "build-requires",
            f"build-requires: {fault}",
            'build-requires = ["setuptools-scm>=8"]',
        )

    requirements = settings.get("build-requires", [])
    if not isinstance(requirements, list) or not all(
        isinstance(each, str) for each in requirements
    ):
        raise error(f"{requirements!r} is not a list of requirements")
    for text in requirements:
        try:
            path = parse_requirement(text.strip()).path
        except InvalidRequirement as invalid:
            raise error(str(invalid)) from None
        if path:
            raise error(f"{text!r} is a file; it must be the name of a package")
    return tuple(text.strip() for text in requirements)


def _setting_error(directory: Path, key: str, fault: str, example: str) -> InputError:
    """Return the error that shows the line of a key in [tool.vendor_fetch], and a right one."""
    text = (directory / "pyproject.toml").read_text(encoding="utf-8-sig")
    found = re.search(
        rf"^\[tool\.vendor_fetch\](?:\n(?!\[).*)*?\n(?P<line> *{key} *=.*)", text, re.MULTILINE
    )
    number = text.count("\n", 0, found.start("line")) + 1 if found else 0
    return InputError(
        f"pyproject.toml:{number}" if found else "pyproject.toml",
        f"{fault}\n    {found['line'].strip()}" if found else f"[tool.vendor_fetch] {fault}",
        edit_and_sync("pyproject.toml", f"such as: {example}"),
    )
