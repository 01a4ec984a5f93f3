"""The project whose files are fetched, with its settings in pyproject.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.next_step import existing
from bootstrapper.ve.project import project
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.requirement import InvalidRequirement, parse_requirement
from vendor_fetch.project.cooldown import read_cooldown
from vendor_fetch.project.default_python import choose_python
from vendor_fetch.project.pyproject import refuse_unknown_keys, setting_error
from vendor_fetch.project.target import Target
from vendor_fetch.project.targets_setting import read_targets

APPS_IN = PurePosixPath("requirements/apps.in")
# Where new files are before a command puts all of them in place.
BESIDE = PurePosixPath("requirements/.vendoring")
# What `init` has changed in an existing project, and what was there before.
ADOPTED = APPS_IN.with_name("adopted.json")
FORMATS = ("wheel", "tarball")
# The key of pyproject.toml that is read here; docs/reference.md prints this table.
KEYS = {
    ("tool.vendor_fetch", "targets"): (
        'a list such as `[{ python = "3.12", platform = "linux-x86_64" }]`; `glibc` and `macos` '
        "are the oldest supported systems",
        "the Python of `requires-python` on `linux-x86_64`",
        "the Pythons and platforms that files are fetched for",
    ),
    ("tool.vendor_fetch", "cooldown"): (
        'a time such as `"7 days"`, `"12 hours"` or `"2 weeks"`',
        'none; generated projects have `"7 days"`',
        "how old a version that no lock has must be; `--now` passes it once",
    ),
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
    `cooldown` is the least age of a version that no lock has.
    """

    directory: Path
    targets: tuple[Target, ...]
    format: str = "wheel"
    build_requires: tuple[str, ...] = ()
    cooldown: timedelta = timedelta(0)
    staging: Path | None = None

    @property
    def vendored(self) -> Path:
        """The directory that the paths of the locks start from: the project's, or one beside.

        While a command changes the files, the new ones are in the `staging` directory.
        """
        return self.staging or self.directory

    @property
    def source(self) -> Path:
        """The directory of the vendored files."""
        return self.vendored / SOURCE

    @property
    def apps_in(self) -> Path:
        """The file that lists what the project asks for; a command may be changing it."""
        return self.vendored / APPS_IN


def open_project(directory: Path) -> VendorProject:
    """Return the project in a directory, with the settings of its pyproject.toml.

    Without `targets` in `[tool.vendor_fetch]` there is one: the Python of `requires-python` on
    linux-x86_64. Raise InputError for wrong settings.
    """
    if not (directory / APPS_IN).is_file():
        raise InputError(
            str(directory / APPS_IN),
            "the file is missing, so this is no project",
            f"ls {existing(directory)}  # cd to the project, or use --project DIR",
        )
    settings = project.table(project.read(directory), "tool", "vendor_fetch")
    refuse_unknown_keys(directory, settings)
    file_format = settings.get("format", "wheel")
    if file_format not in FORMATS:
        raise setting_error(
            directory,
            "format",
            f"format is {file_format!r}; it can be wheel or tarball",
            'format = "wheel"',
        )
    return VendorProject(
        directory=directory,
        targets=_targets(settings, directory),
        format=file_format,
        build_requires=_build_requires(settings, directory),
        cooldown=read_cooldown(directory, settings["cooldown"])
        if "cooldown" in settings
        else timedelta(0),
    )


def _targets(settings: Mapping[str, Any], directory: Path) -> tuple[Target, ...]:
    required = project.requires_python(directory)
    if "targets" in settings:
        return read_targets(directory, settings["targets"], required)
    python, micro = choose_python(required)
    return (Target(python=python, micro=micro, required=required),)


def _build_requires(settings: Mapping[str, Any], directory: Path) -> tuple[str, ...]:
    """Return the setting `build-requires`. Raise InputError if it is no list of requirements."""

    def error(fault: str) -> InputError:
        return setting_error(
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
