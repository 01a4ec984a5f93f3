"""Whether apps.in, apps.txt, tools.txt and requirements/src/ agree; says every difference."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import PurePosixPath

from bootstrapper.errors import BootstrapperError, InputError
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS, LockedFile, read
from bootstrapper.ve.project.vendored_files import is_pointer, sha256_of
from bootstrapper.ve.standards.requirement import Requirement, parse_requirement
from vendor_fetch.graph import metadata
from vendor_fetch.graph.fitness import refuse_rejected_files
from vendor_fetch.graph.metadata import dependencies
from vendor_fetch.project import locks
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.project import APPS_IN, VendorProject

# A version compared with what is none, as old metadata does: `python_version >= "2.7.*"`. uv
# ignores such a condition, pip compares texts; so the package may be in the lock or not.
_DOUBTFUL = re.compile(
    r"""_version\s*(?:(?:[<>]=?)\s*["'][^"']*\*|(?:[<>=!]=?)\s*["']\s*[^0-9"'\s])"""
)


def check_differences(project: VendorProject) -> Iterator[str]:
    """Every difference, a line each. Raises InputError for a bad apps.in."""
    asked = apps_in(project.directory)
    try:
        locks = {each: read(project.directory, each) for each in (APPS, TOOLS)}
    except InputError as error:
        yield f"{error.where}: {error.fault}"
        return
    broken = list(chain.from_iterable(_damage(project, lines) for lines in locks.values()))
    yield from broken
    for name in unnamed(project):
        yield f"{SOURCE / name}: stands in neither {APPS.name} nor {TOOLS.name}"
    if broken:
        return
    try:
        for each in _Graph(project, locks[APPS], APPS).walk(asked, str(APPS_IN)):
            broken.append(each)
            yield each
        wanted = metadata.tool_requirements(_fitting(locks[APPS], project), project)
        yield from _Graph(project, locks[TOOLS], TOOLS).walk(
            [parse_requirement(each) for each in wanted], "bootstrap.py"
        )
        if not broken:
            refuse_rejected_files(locks[APPS], project)
    except BootstrapperError as error:
        yield f"{error.where}: {error.fault}"


def unnamed(project: VendorProject) -> list[str]:
    """The names of the wheels and tarballs that no lock names. Raises InputError for a bad lock."""
    listed = {file.path.name for each in (APPS, TOOLS) for file in read(project.directory, each)}
    return sorted(locks.vendored_names(project.directory) - listed)


def _fitting(files: Iterable[LockedFile], project: VendorProject) -> list[LockedFile]:
    environment = project.platform.environment
    return [file for file in files if file.marker is None or file.marker.holds(environment)]


def _damage(project: VendorProject, files: Iterable[LockedFile]) -> Iterator[str]:
    for file in files:
        path = project.directory / file.path
        if not path.is_file():
            yield f"{file.place}: {file.path} is missing"
        elif is_pointer(path):
            yield (
                f"{file.place}: {file.path} is a pointer of Git LFS, the file itself is not "
                "here: git lfs pull"
            )
        elif (digest := sha256_of(path)) not in file.sha256:
            yield (
                f"{file.place}: {file.path} has sha256 {digest}, the lock says "
                f"{' or '.join(file.sha256)}"
            )


class _Graph:
    """Follows what is asked for through the metadata of the files of one lock."""

    def __init__(
        self, project: VendorProject, files: Iterable[LockedFile], lock: PurePosixPath
    ) -> None:
        self._project = project
        self._environment = project.platform.environment
        self._lock = lock
        self._files: dict[str, list[LockedFile]] = {}
        for file in _fitting(files, project):
            self._files.setdefault(file.distribution.name, []).append(file)

    def walk(self, asked: Iterable[Requirement], asker: str) -> Iterator[str]:
        """What the lock doesn't satisfy; packages that are in it twice, or for nothing."""
        for name, files in self._files.items():
            if len(files) > 1:
                yield (
                    f"{self._lock}: {name} is in it {len(files)} times: "
                    + ", ".join(file.path.name for file in files)
                )
        asked, roots = list(asked), asker
        queue = [(requirement, "", asker) for requirement in asked]
        seen: set[tuple[str, str]] = set()
        told_all = True
        while queue:
            requirement, extra, asker = queue.pop(0)
            applies = requirement.applies(self._environment, extra)
            doubtful = not applies and _DOUBTFUL.search(str(requirement.marker))
            if not (applies or doubtful):
                continue
            file = self._files.get(requirement.name, [None])[0]
            if file is None:
                if doubtful:
                    continue
                yield f"{self._lock}: lacks {requirement.text}, which {asker} asks for"
                continue
            version = file.distribution.version
            if requirement.path and requirement.path != file.path:
                yield f"{self._lock}: has {file.path}, {asker} asks for {requirement.path}"
            elif not requirement.allows(version):
                yield (
                    f"{self._lock}: has {requirement.name} {version}, {asker} asks for "
                    f"{requirement.text}"
                )
            for each in {"", *requirement.extras}:
                if (requirement.name, each) not in seen:
                    seen.add((requirement.name, each))
                    told = dependencies(self._project.directory / file.path)
                    told_all = told_all and told.known
                    queue += [(one, each, requirement.name) for one in told.requirements]
        made_for = locks.recorded_fingerprint(self._lock, self._project)
        if not told_all and made_for != locks.fingerprint(each.text for each in asked):
            yield (
                f"{self._lock}: was made for other requirements than {roots} has now"
                if made_for
                else f"{self._lock}: does not say which requirements it was made for"
            )
        if told_all:
            reached = {name for name, _ in seen}
            for name, files in self._files.items():
                if name not in reached:
                    yield f"{files[0].place}: {files[0].path.name} is asked for by nothing"
