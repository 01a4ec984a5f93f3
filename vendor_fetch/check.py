"""Whether apps.in, apps.txt, tools.txt and requirements/src/ agree; says every difference."""

from collections.abc import Iterable, Iterator
from itertools import chain

from bootstrapper.errors import BootstrapperError, InputError
from bootstrapper.ve.lockfile import APPS, SOURCE, TOOLS, LockedFile, read
from bootstrapper.ve.requirement import Requirement, read_requirement
from bootstrapper.ve.vendored import is_pointer, sha256_of
from vendor_fetch import tools
from vendor_fetch.apps_in import apps_in
from vendor_fetch.lock import vendored_names
from vendor_fetch.metadata import dependencies
from vendor_fetch.project import APPS_IN, Project


def differences(project: Project) -> Iterator[str]:
    """Every difference, a line each. Raises InputError for a bad apps.in."""
    asked = apps_in(project.directory)
    try:
        locks = {lock: read(project.directory, lock) for lock in (APPS, TOOLS)}
    except InputError as error:
        yield f"{error.where}: {error.fault}"
        return
    broken = list(chain.from_iterable(_damage(project, lines) for lines in locks.values()))
    yield from broken
    listed = {file.path.name for lines in locks.values() for file in lines}
    for name in sorted(vendored_names(project.directory) - listed):
        yield f"{SOURCE / name}: stands in neither {APPS.name} nor {TOOLS.name}"
    if broken:
        return
    try:
        yield from _Graph(project, locks[APPS], str(APPS)).walk(asked, str(APPS_IN))
        wanted = tools.required(_fitting(locks[APPS], project), project)
        yield from _Graph(project, locks[TOOLS], str(TOOLS)).walk(
            [read_requirement(each) for each in wanted], "bootstrap.py")
    except BootstrapperError as error:
        yield f"{error.where}: {error.fault}"


def _fitting(files: Iterable[LockedFile], project: Project) -> list[LockedFile]:
    environment = project.platform.environment
    return [file for file in files if file.marker is None or file.marker.holds(environment)]


def _damage(project: Project, files: Iterable[LockedFile]) -> Iterator[str]:
    for file in files:
        path = project.directory / file.path
        if not path.is_file():
            yield f"{file.place}: {file.path} is missing"
        elif is_pointer(path):
            yield (f"{file.place}: {file.path} is a pointer of Git LFS, the file itself is not "
                   "here: git lfs pull")
        elif (digest := sha256_of(path)) not in file.sha256:
            yield (f"{file.place}: {file.path} has sha256 {digest}, the lock says "
                   f"{' or '.join(file.sha256)}")


class _Graph:
    """Follows what is asked for through the metadata of the files of one lock."""

    def __init__(self, project: Project, files: Iterable[LockedFile], lock: str) -> None:
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
                yield (f"{self._lock}: {name} is in it {len(files)} times: "
                       + ", ".join(file.path.name for file in files))
        queue = [(requirement, "", asker) for requirement in asked]
        seen: set[tuple[str, str]] = set()
        told_all = True
        while queue:
            requirement, extra, asker = queue.pop(0)
            if not requirement.applies(self._environment, extra):
                continue
            file = self._files.get(requirement.name, [None])[0]
            if file is None:
                yield f"{self._lock}: lacks {requirement.text}, which {asker} asks for"
                continue
            version = file.distribution.version
            if requirement.path and requirement.path != file.path:
                yield f"{self._lock}: has {file.path}, {asker} asks for {requirement.path}"
            elif not requirement.allows(version):
                yield (f"{self._lock}: has {requirement.name} {version}, {asker} asks for "
                       f"{requirement.text}")
            for each in {"", *requirement.extras}:
                if (requirement.name, each) not in seen:
                    seen.add((requirement.name, each))
                    told = dependencies(self._project.directory / file.path)
                    told_all = told_all and told.known
                    queue += [(one, each, requirement.name) for one in told.requirements]
        if told_all:
            reached = {name for name, _ in seen}
            for name, files in self._files.items():
                if name not in reached:
                    yield f"{files[0].place}: {files[0].path.name} is asked for by nothing"
