"""Find the line of apps.in that asks for a package, itself or indirectly."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from bootstrapper.errors import BootstrapperError
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.requirement import Requirement
from vendor_fetch.graph.metadata import dependencies
from vendor_fetch.project.apps_in import Line, requirements_with_lines
from vendor_fetch.project.project import APPS_IN, VendorProject


def requesting_line(project: VendorProject, files: Mapping[str, LockedFile], name: str) -> str:
    """Return, in words, the line of apps.in that asks for a package, itself or indirectly.

    `files` are the locked files by package; their metadata says what depends on what. If the
    metadata does not lead to the package, the result names apps.in alone.
    """
    lines = list(requirements_with_lines(project.vendored))
    direct = [line for line, requirement in lines if requirement.name == name]
    if direct:
        [file, *others] = _by_file(direct)
        more = "".join(f", {other} {_numbers(direct, other)}" for other in others)
        return f"{file} {_numbers(direct, file)}{more}, or remove {_those(direct)}"
    indirect = [
        line
        for line, requirement in lines
        if name in _all_dependencies(project, files, requirement.name)
    ]
    if indirect:
        verb = "need" if len(indirect) > 1 else "needs"
        [file, *others] = _by_file(indirect)
        more = "".join(f" and of {other} {_numbers(indirect, other)}" for other in others)
        return (
            f"{file}, where {_numbers(indirect, file)}{more} {verb} it, "
            f"or remove {_those(indirect)}"
        )
    return str(APPS_IN)


def _all_dependencies(
    project: VendorProject, files: Mapping[str, LockedFile], name: str
) -> set[str]:
    """Return the direct and indirect dependencies of a locked package, as far as they are known."""
    found: set[str] = set()
    queue = [name]
    while queue:
        if file := files.get(queue.pop()):
            new = {requirement.name for requirement in _known_dependencies(project, file)} - found
            found |= new
            queue += new
    return found


def _known_dependencies(project: VendorProject, file: LockedFile) -> Iterable[Requirement]:
    try:
        return dependencies(project.vendored / file.path).requirements
    except BootstrapperError:  # an unreadable file
        return ()


def _by_file(lines: Iterable[Line]) -> list[PurePosixPath]:
    return list(dict.fromkeys(line.file for line in lines))


def _numbers(lines: Iterable[Line], file: PurePosixPath) -> str:
    numbers = [str(line.number) for line in lines if line.file == file]
    return f"line{'s' if numbers[1:] else ''} {' and '.join(numbers)}"


def _those(lines: list[Line]) -> str:
    return "those lines" if lines[1:] else "that line"
