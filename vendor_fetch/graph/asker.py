"""Which line of requirements/apps.in asks for a package, in words."""

from collections.abc import Iterable, Mapping

from bootstrapper.errors import BootstrapperError
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.requirement import Requirement
from vendor_fetch.graph.metadata import dependencies
from vendor_fetch.project.apps_in import numbered_requirements
from vendor_fetch.project.project import APPS_IN, VendorProject


def requesting_line(project: VendorProject, files: Mapping[str, LockedFile], name: str) -> str:
    """Return the line that asks for the package `name`, itself or by what it depends on.

    `files` are the locked ones by name; their metadata says what depends on what. Where it does
    not lead there, requirements/apps.in is all that can be said.
    """
    lines = list(numbered_requirements(project.directory))
    direct = [number for number, asked in lines if asked.name == name]
    if direct:
        return f"{APPS_IN} {_named(direct)}, or remove {_that(direct)}"
    above = [number for number, asked in lines if name in _below(project, files, asked.name)]
    if above:
        return (
            f"{APPS_IN}, where {_named(above)} need{'' if above[1:] else 's'} it, or remove "
            f"{_that(above)}"
        )
    return str(APPS_IN)


def _below(project: VendorProject, files: Mapping[str, LockedFile], name: str) -> set[str]:
    """Return the names of all that a locked package depends on, as far as the files tell."""
    found: set[str] = set()
    left = [name]
    while left:
        file = files.get(left.pop())
        new = {each.name for each in _requirements(project, file)} - found if file else set()
        found |= new
        left += new
    return found


def _requirements(project: VendorProject, file: LockedFile) -> Iterable[Requirement]:
    try:
        return dependencies(project.directory / file.path).requirements
    except BootstrapperError:  # a file that can't be read tells nothing
        return ()


def _named(numbers: list[int]) -> str:
    return f"line{'s' if numbers[1:] else ''} {' and '.join(map(str, numbers))}"


def _that(numbers: list[int]) -> str:
    return "those lines" if numbers[1:] else "that line"
