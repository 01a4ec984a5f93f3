"""Follow requirements through the metadata of locked files."""

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.requirement import Requirement
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.project.locks import files_for_target
from vendor_fetch.project.target import Target

# Old metadata compares versions with text that is none: `python_version >= "2.7.*"`. uv ignores
# such a comparison and pip compares the texts, so the package may be in the lock or not.
_INVALID_COMPARISON = re.compile(
    r"""_version\s*(?:(?:[<>]=?)\s*["'][^"']*\*|(?:[<>=!]=?)\s*["']\s*[^0-9"'\s])"""
)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A requirement that a lock does not satisfy on a target, or a file that it does not need.

    `unneeded` is that file.
    """

    where: str
    fault: str
    unneeded: LockedFile | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.fault}"


class LockGraph:
    """The files of one lock that a target takes, and what they depend on.

    `damaged` files are missing or have wrong bytes, so their dependencies are not known.
    """

    def __init__(
        self,
        target: Target,
        files: Iterable[LockedFile],
        lock: PurePosixPath,
        distributions: Distributions,
        damaged: Collection[PurePosixPath] = (),
    ) -> None:
        self._target = target
        self._environment = target.environment
        self._lock = lock
        self._distributions = distributions
        self._damaged = damaged
        self._files: dict[str, list[LockedFile]] = {}
        for file in files_for_target(files, target):
            self._files.setdefault(file.distribution.name, []).append(file)
        self.requesters: dict[PurePosixPath, list[str]] = {}
        """For each file, what asks for it: `requirements/apps.in`, or names of packages."""

    def problems(self, requirements: Iterable[Requirement], origin: str) -> Iterator[Problem]:
        """Yield each requirement that the lock does not satisfy, and each package without need.

        `origin` names the file that the requirements come from.
        """
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
                    yield Problem(
                        where=str(self._lock),
                        fault=f"lacks {requirement.text}, which {requester} asks for",
                    )
                continue
            self._record_requester(file, requester)
            yield from self._mismatch(file, requirement, requester)
            for wanted_extra in {"", *requirement.extras}:
                if (requirement.name, wanted_extra) not in reached:
                    reached.add((requirement.name, wanted_extra))
                    if file.path in self._damaged:
                        all_known = False
                        continue
                    found = self._distributions.dependencies(file)
                    if not wanted_extra and not self._distributions.supports(file, self._target):
                        yield Problem(
                            where=str(self._lock),
                            fault=f"has {file.path.name}, which requires Python "
                            f"{found.requires_python}",
                        )
                    if not found.known:
                        all_known = False
                        yield Problem(
                            where=str(self._lock),
                            fault=f"does not record what {file.path.name} requires",
                        )
                    queue.extend(
                        (dependency, wanted_extra, requirement.name)
                        for dependency in found.requirements
                    )
        if all_known:
            yield from self._unneeded({name for name, _ in reached})

    def _record_requester(self, file: LockedFile, requester: str) -> None:
        requesters = self.requesters.setdefault(file.path, [])
        if requester not in requesters:
            requesters.append(requester)

    def _duplicates(self) -> Iterator[Problem]:
        for name, files in self._files.items():
            if len(files) > 1:
                paths = ", ".join(file.path.name for file in files)
                yield Problem(
                    where=str(self._lock), fault=f"has {name} {len(files)} times: {paths}"
                )

    def _mismatch(
        self, file: LockedFile, requirement: Requirement, requester: str
    ) -> Iterator[Problem]:
        version = file.distribution.version
        if requirement.path and requirement.path != file.path:
            yield Problem(
                where=str(self._lock),
                fault=f"has {file.path}, {requester} asks for {requirement.path}",
            )
        elif not requirement.allows(version):
            yield Problem(
                where=str(self._lock),
                fault=f"has {requirement.name} {version}, {requester} asks for {requirement.text}",
            )

    def _unneeded(self, needed: set[str]) -> Iterator[Problem]:
        for name, files in self._files.items():
            if name not in needed:
                file = files[0]
                fault = f"nothing asks for {file.path.name}"
                yield Problem(where=file.place, fault=fault, unneeded=file)
