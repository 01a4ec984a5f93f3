"""What the vendored files of a project need: their dependencies and their build requirements."""

from collections.abc import Iterable
from dataclasses import replace

from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile
from bootstrapper.ve.standards.filename import Tarball
from bootstrapper.ve.standards.requirement import Requirement, parse_metadata_requirement
from bootstrapper.ve.standards.version import InvalidVersion, Version, matches
from bootstrapper.ve.wheel.tarball import with_project
from vendor_fetch.graph.metadata import Dependencies, declared_build_requirements, dependencies
from vendor_fetch.project.locks import Records, tarball_records
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target

# bootstrap.py runs with these in every project. Older virtualenvs fail with its Pythons; without the
# limit, an old version of a package that both need would choose one.
ALWAYS = ("pip", "virtualenv>=20.8")


class Distributions:
    """The metadata of a project's vendored files. Each file is read once.

    `records` has what only the build backends of tarballs tell.
    """

    def __init__(self, project: VendorProject, records: Records) -> None:
        self._project = project
        self._records = records
        self._read: dict[str, Dependencies] = {}

    @classmethod
    def of_locks(cls, project: VendorProject) -> "Distributions":
        """Return the metadata of the files in a project's locks."""
        records = {
            **tarball_records(project.vendored, TOOLS),
            **tarball_records(project.vendored, APPS),
        }
        return cls(project, records)

    def dependencies(self, file: LockedFile) -> Dependencies:
        """Return the dependencies of a file that is in place. Raise WorkFailed."""
        name = file.path.name
        if name not in self._read:
            found = dependencies(self._project.vendored / file.path)
            record = self._records.get(name)
            if not found.known and record and record.requires is not None:
                texts = map(parse_metadata_requirement, record.requires)
                found = replace(found, requirements=tuple(texts), known=True)
            self._read[name] = found
        return self._read[name]

    def supports(self, file: LockedFile, target: Target) -> bool:
        """Return whether a file allows the target's Python; one that can't be read allows it."""
        try:
            return matches(Version(target.oldest_python), self.dependencies(file).requires_python)
        except InvalidVersion:
            return True

    def has_record(self, file: LockedFile) -> bool:
        """Return whether it is recorded what the build backend of a tarball has answered."""
        return file.path.name in self._records

    def build_requirements(self, file: LockedFile) -> tuple[Requirement, ...]:
        """Return the build requirements of a tarball, without a record those that it declares."""
        return tuple(map(parse_metadata_requirement, self._build_requires(file)))

    def _build_requires(self, file: LockedFile) -> tuple[str, ...]:
        record = self._records.get(file.path.name)
        if record:
            return record.build_requires
        return declared_build_requirements(self._project.vendored / file.path)

    def tool_requirements(self, files: Iterable[LockedFile]) -> list[str]:
        """Return what bootstrap.py needs to rebuild with these files: the lines of tools.txt."""
        requirements = {*ALWAYS, *self._project.build_requires}
        for file in files:
            if isinstance(file.distribution, Tarball):
                own = self._build_requires(file)
                requirements.update(with_project(own, self._project.build_requires))
        return sorted(requirements)
