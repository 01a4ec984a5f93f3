"""Follow what asks for what through the metadata of vendored files, for all targets together."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.filename import Tarball
from bootstrapper.ve.standards.requirement import Requirement, parse_requirement
from vendor_fetch.graph.distributions import ALWAYS, Distributions
from vendor_fetch.graph.micro_versions import every_version, markers_of
from vendor_fetch.project.apps_in import apps_in, requirements_with_lines
from vendor_fetch.project.project import VendorProject

Node = tuple[str, str]
"""The name and the version of a vendored package."""


class Chains:
    """The dependencies of the vendored packages, as the union over all markers.

    `roots` are the packages that the project itself asks for, with the place of the request:
    `requirements/apps.in:3`, or bootstrap.py for tools. `edges` are the dependencies of each package.
    A dependency counts if it is vendored and its marker holds on a target. One that is
    reached by an extra counts if something asks for the extra.
    """

    def __init__(
        self,
        project: VendorProject,
        files: Iterable[LockedFile],
        *,
        tools: bool = False,
        lenient: bool = False,
    ) -> None:
        """Follow the requirements of apps.in, and with `tools` those of bootstrap.py.

        Raise InputError for a wrong apps.in, and WorkFailed for a file whose metadata can't be read.
        With `lenient`, such a file has no dependencies.
        """
        self._lenient = lenient
        self._distributions = Distributions.of_locks(project)
        files = list(files)
        markers = markers_of(files, self._distributions, apps_in(project.vendored))
        self._environments = [
            target.environment for target in every_version(project.targets, markers)
        ]
        self._files: dict[str, dict[str, list[LockedFile]]] = {}
        for file in files:
            versions = self._files.setdefault(file.distribution.name, {})
            versions.setdefault(file.distribution.version, []).append(file)
        self._requirements: dict[Node, list[tuple[Requirement, list[Mapping[str, str]]]]] = {}
        self.roots: dict[Node, str] = {}
        self.edges: dict[Node, set[Node]] = {
            (name, version): set() for name, versions in self._files.items() for version in versions
        }
        # The first package that asks for each, nearest to the project.
        self._requesters: dict[Node, Node] = {}
        self._follow(self._wanted(project, tools=tools))

    def to(self, name: str, version: str) -> list[str]:
        """Return the shortest chain to a package: the place of a request, then package names.

        The last one is the package. The chain is empty if no metadata says what asks for it, as
        for some tarballs.
        """
        node = name, version
        chain = [name]
        while node in self._requesters:
            node = self._requesters[node]
            chain.append(node[0])
        return [self.roots[node], *reversed(chain)] if node in self.roots else []

    def _wanted(self, project: VendorProject, *, tools: bool) -> Iterator[tuple[str, Requirement]]:
        for line, requirement in requirements_with_lines(project.vendored):
            yield line.place, requirement
        if not tools:
            return
        for text in (*ALWAYS, *project.build_requires):
            yield "bootstrap.py", parse_requirement(text)
        for versions in list(self._files.values()):
            for file in (file for files in versions.values() for file in files):
                if isinstance(file.distribution, Tarball):
                    for requirement in self._build_requirements(file):
                        yield str(file.path), requirement

    def _follow(self, wanted: Iterable[tuple[str, Requirement]]) -> None:
        reached: set[tuple[Node, str]] = set()  # a package and an extra
        queue: deque[tuple[Node, str]] = deque()

        def reach(node: Node, extras: Iterable[str]) -> None:
            for extra in ("", *sorted(extras)):
                if (node, extra) not in reached:
                    reached.add((node, extra))
                    queue.append((node, extra))

        for place, requirement in wanted:
            if any(requirement.applies(each) for each in self._environments):
                for node in self._matches(requirement):
                    self.roots.setdefault(node, place)
                    reach(node, requirement.extras)
        while queue:
            node, extra = queue.popleft()
            for requirement, environments in self._requirements_of(node):
                if any(requirement.applies(each, extra) for each in environments):
                    for dependency in self._matches(requirement):
                        if dependency != node:
                            self.edges[node].add(dependency)
                            if dependency not in self.roots:
                                self._requesters.setdefault(dependency, node)
                        reach(dependency, requirement.extras)

    def _requirements_of(self, node: Node) -> list[tuple[Requirement, list[Mapping[str, str]]]]:
        """Return the requirements of a package's files, with the environments of each file."""
        if node not in self._requirements:
            self._requirements[node] = [
                (requirement, environments)
                for file in self._files[node[0]][node[1]]
                for environments in [self._environments_of(file)]
                for requirement in self._dependencies(file)
            ]
        return self._requirements[node]

    def _dependencies(self, file: LockedFile) -> Sequence[Requirement]:
        try:
            return self._distributions.dependencies(file).requirements
        except WorkFailed:
            if not self._lenient:
                raise
            return ()

    def _build_requirements(self, file: LockedFile) -> Sequence[Requirement]:
        try:
            return self._distributions.build_requirements(file)
        except WorkFailed:
            if not self._lenient:
                raise
            return ()

    def _environments_of(self, file: LockedFile) -> list[Mapping[str, str]]:
        marker = file.marker
        return [each for each in self._environments if marker is None or marker.holds(each)]

    def _matches(self, requirement: Requirement) -> list[Node]:
        """Return the vendored versions that a requirement allows, or all of them if it allows none."""
        versions = sorted(self._files.get(requirement.name, {}))
        allowed = [version for version in versions if requirement.allows(version)]
        return [(requirement.name, version) for version in allowed or versions]
