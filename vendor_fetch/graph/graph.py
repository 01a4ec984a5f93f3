"""Follow requirements through the metadata of locked files."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from bootstrapper.errors import BootstrapperError
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.requirement import Requirement
from vendor_fetch.graph.metadata import dependencies
from vendor_fetch.project.apps_in import Line, requirements_with_lines
from vendor_fetch.project.locks import files_for_target, fingerprint, recorded_fingerprint
from vendor_fetch.project.project import APPS_IN, VendorProject

# Old metadata compares versions with text that is none: `python_version >= "2.7.*"`. uv ignores
# such a comparison and pip compares the texts, so the package may be in the lock or not.
_INVALID_COMPARISON = re.compile(
    r"""_version\s*(?:(?:[<>]=?)\s*["'][^"']*\*|(?:[<>=!]=?)\s*["']\s*[^0-9"'\s])"""
)


class LockGraph:
    """The files of one lock for the project's target, and what they depend on."""

    def __init__(
        self, project: VendorProject, files: Iterable[LockedFile], lock: PurePosixPath
    ) -> None:
        self._project = project
        self._environment = project.target.environment
        self._lock = lock
        self._files: dict[str, list[LockedFile]] = {}
        for file in files_for_target(files, project.target):
            self._files.setdefault(file.distribution.name, []).append(file)

    def problems(self, requirements: Iterable[Requirement], origin: str) -> Iterator[str]:
        """Yield each requirement that the lock does not satisfy, and each package without need.

        `origin` names the file that the requirements come from.
        """
        requirements = list(requirements)
        yield from self._duplicates()
        queue = deque((requirement, "", origin) for requirement in requirements)
        reached: set[tuple[str, str]] = set()  # package and extra
        all_known = True
        while queue:
            requirement, extra, requester = queue.popleft()
            applies = requirement.applies(self._environment, extra)
            uncertain = not applies and _INVALID_COMPARISON.search(str(requirement.marker))
            if not (applies or uncertain):
                continue
            file = self._files.get(requirement.name, [None])[0]
            if file is None:
                if not uncertain:
                    yield f"{self._lock}: lacks {requirement.text}, which {requester} asks for"
                continue
            yield from self._mismatch(file, requirement, requester)
            for wanted_extra in {"", *requirement.extras}:
                if (requirement.name, wanted_extra) not in reached:
                    reached.add((requirement.name, wanted_extra))
                    found = dependencies(self._project.directory / file.path)
                    all_known = all_known and found.known
                    queue.extend(
                        (dependency, wanted_extra, requirement.name)
                        for dependency in found.requirements
                    )
        if all_known:
            yield from self._unneeded({name for name, _ in reached})
        else:
            yield from self._other_requirements(requirements, origin)

    def _duplicates(self) -> Iterator[str]:
        for name, files in self._files.items():
            if len(files) > 1:
                names = ", ".join(file.path.name for file in files)
                yield f"{self._lock}: has {name} {len(files)} times: {names}"

    def _mismatch(
        self, file: LockedFile, requirement: Requirement, requester: str
    ) -> Iterator[str]:
        version = file.distribution.version
        if requirement.path and requirement.path != file.path:
            yield f"{self._lock}: has {file.path}, {requester} asks for {requirement.path}"
        elif not requirement.allows(version):
            yield (
                f"{self._lock}: has {requirement.name} {version}, {requester} asks for "
                f"{requirement.text}"
            )

    def _unneeded(self, needed: set[str]) -> Iterator[str]:
        for name, files in self._files.items():
            if name not in needed:
                yield f"{files[0].place}: nothing asks for {files[0].path.name}"

    def _other_requirements(
        self, requirements: Iterable[Requirement], origin: str
    ) -> Iterator[str]:
        """Compare the lock's fingerprint: the dependencies of some tarballs are not known."""
        recorded = recorded_fingerprint(self._lock, self._project)
        if recorded is None:
            yield f"{self._lock}: does not say which requirements it was written for"
        elif recorded != fingerprint(requirement.text for requirement in requirements):
            yield f"{self._lock}: was written for other requirements than {origin} has now"


def requesting_line(project: VendorProject, files: Mapping[str, LockedFile], name: str) -> str:
    """Return, in words, the line of apps.in that asks for a package, itself or indirectly.

    `files` are the locked files by package; their metadata says what depends on what. If the
    metadata does not lead to the package, the result names apps.in alone.
    """
    lines = list(requirements_with_lines(project.directory))
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
        return dependencies(project.directory / file.path).requirements
    except BootstrapperError:  # an unreadable file
        return ()


def _by_file(lines: Iterable[Line]) -> list[PurePosixPath]:
    return list(dict.fromkeys(line.file for line in lines))


def _numbers(lines: Iterable[Line], file: PurePosixPath) -> str:
    numbers = [str(line.number) for line in lines if line.file == file]
    return f"line{'s' if numbers[1:] else ''} {' and '.join(numbers)}"


def _those(lines: list[Line]) -> str:
    return "those lines" if lines[1:] else "that line"
