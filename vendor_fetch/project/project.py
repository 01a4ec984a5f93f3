"""The project whose files are fetched: what its pyproject.toml and requirements/apps.in ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.ve.project import project
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.requirement import InvalidRequirement, parse_requirement
from vendor_fetch.project.target import Target, this_machine
from vendor_fetch.project.target_python import choose_python

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

    `format` is "wheel", or "tarball": then a package is vendored as its source distribution
    where it has one and is pure Python. Compiled packages stay wheels, because a production
    server has no compiler, it needs nothing but Python.

    `build_requires` are requirements that the tools hold besides what tarballs say of themselves:
    a backend may ask for more when it is called (PEP 517, `get_requires_for_build_wheel`).
    """

    directory: Path
    platform: Target
    format: str = "wheel"
    build_requires: tuple[str, ...] = ()

    @property
    def source(self) -> Path:
        """The directory of its vendored files."""
        return self.directory / SOURCE

    @property
    def apps_in(self) -> Path:
        """What people ask for, a requirement a line."""
        return self.directory / APPS_IN


def open_project(directory: Path) -> VendorProject:
    """Read a project's settings.

    `requires-python` of pyproject.toml says which Python files are fetched for; if it allows
    several, that is the running one, else one that is installed here. `[tool.vendor_fetch]` has
    `format`, wheel or tarball, and `build-requires`, a list of requirements. Raises InputError.
    """
    if not (directory / APPS_IN).is_file():
        raise InputError(
            str(directory / APPS_IN),
            "the file is missing, so this is no project",
            "go to the project, or name it: python -m vendor_fetch --project DIR",
        )
    settings = project.table(project.read(directory), "tool", "vendor_fetch")
    wanted = settings.get("format", "wheel")
    if wanted not in FORMATS:
        raise InputError(
            str(directory / "pyproject.toml"),
            f"[tool.vendor_fetch] format is {wanted!r}, it can be wheel or tarball",
            'write format = "wheel", then run: python -m vendor_fetch sync',
        )
    python, micro = choose_python(project.requires_python(directory))
    return VendorProject(
        directory=directory,
        platform=this_machine(python, micro=micro),
        format=wanted,
        build_requires=_build_requires(settings, directory),
    )


def _build_requires(settings: Mapping[str, Any], directory: Path) -> tuple[str, ...]:
    def refused(fault: str) -> InputError:
        return InputError(
            str(directory / "pyproject.toml"),
            f"[tool.vendor_fetch] build-requires: {fault}",
            'write it like ["setuptools-scm>=8"], then run: python -m vendor_fetch sync',
        )

    asked = settings.get("build-requires", [])
    if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
        raise refused(f"{asked!r} is not a list of requirements")
    for each in asked:
        try:
            by_path = parse_requirement(each.strip()).path
        except InvalidRequirement as error:
            raise refused(str(error)) from None
        if by_path:
            raise refused(f"{each!r} is a file, it must be the name of a package")
    return tuple(each.strip() for each in asked)
