"""Find the smallest upgrades that leave no known advisory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice

from packaging.version import InvalidVersion, Version

from bootstrapper.errors import WorkFailed
from bootstrapper.next_step import edit
from bootstrapper.ve.project.lockfile import APPS, LockedFile
from vendor_fetch.download.fetch import is_offline
from vendor_fetch.index.index import Index
from vendor_fetch.program import program_command, retry_command
from vendor_fetch.project.apps_in import (
    apps_in,
    constraints_with_lines,
    limiting_lines,
    requested_lines,
    requests,
    requirements_with_lines,
)
from vendor_fetch.project.locks import files_for_target
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.reports.audit import Finding
from vendor_fetch.resolve.resolver import resolve
from vendor_fetch.resolve.uv_failure import Unsatisfiable
from vendor_fetch.resolve.uv_run import SearchScope
from vendor_fetch.sync.pins import Fix, raised

# Returns the findings about a version of a package.
Audit = Callable[[str, str], list[Finding]]

# No package has more affected releases one after the other.
_MOST_STEPS = 300
_MOST_TRIALS = 30


@dataclass(frozen=True, kw_only=True)
class SecurityPlan:
    """The upgrades by package, and the errors about packages without one."""

    fixes: Mapping[str, Fix]
    refusals: tuple[WorkFailed, ...]


def security_plan(
    project: VendorProject,
    files: Iterable[LockedFile],
    found: Iterable[Finding],
    audit: Audit,
    index: Index,
) -> SecurityPlan:
    """Return the smallest upgrades without a known advisory that apps.in allows.

    `files` are the lines of both locks, and `found` the findings about them. Raise WorkFailed if the
    index can't be reached.
    """
    search = _Search(project, list(files), audit, index)
    found = sorted(found, key=_order)
    # Of two versions for different targets, both get what helps the later one.
    newest = {each.name: each for each in found}
    fixes: dict[str, Fix] = {}
    refusals = []
    for name, finding in newest.items():
        affected = frozenset(each.version for each in found if each.name == name)
        try:
            fixes[name] = search.fix(finding, affected, fixes)
        except _Refused as refused:
            refusals.append(refused.error)
    return SecurityPlan(fixes=fixes, refusals=tuple(refusals))


class _Refused(Exception):
    """There is no upgrade; `error` says why."""

    def __init__(self, error: WorkFailed) -> None:
        super().__init__(error)
        self.error = error


class _Search:
    """The search for versions at an index."""

    def __init__(
        self, project: VendorProject, files: list[LockedFile], audit: Audit, index: Index
    ) -> None:
        self._project = project
        self._audit = audit
        self._scope = SearchScope(index=index, source=project.source, offline=is_offline())
        apps = [file for file in files if file.lock == str(APPS)]
        self._asked = {file.distribution.name for file in apps}
        self._by_path = {each.name for each in apps_in(project.directory) if each.path}
        self._pins = {
            target: {
                file.distribution.name: file.distribution.version
                for file in files_for_target(apps, target)
            }
            for target in project.targets
        }

    def fix(self, finding: Finding, affected: frozenset[str], chosen: Mapping[str, Fix]) -> Fix:
        """Return the smallest version without a known advisory that goes with the `chosen` ones.

        Raise _Refused if there is none, and WorkFailed if the index can't be reached.
        """
        name = finding.name
        if name in self._by_path:
            raise _Refused(_by_path(finding))
        versions = self._safe_versions(finding)
        smallest = next(versions, None)
        if smallest is None:
            raise _Refused(_without_fix(finding))
        fix = Fix(version=smallest, affected=affected)
        if name not in self._asked:
            return fix
        if self._is_allowed({**chosen, name: fix}, or_later=name):
            for version in islice(chain([smallest], versions), _MOST_TRIALS):
                fix = replace(fix, version=version)
                if self._is_allowed({**chosen, name: fix}):
                    return fix
        raise _Refused(_forbidden(self._project, finding, smallest))

    def _safe_versions(self, finding: Finding) -> Iterator[str]:
        """Yield the later versions without a known advisory, the smallest first."""
        name, bound, excluded = finding.name, finding.version, [finding.version]
        try:
            Version(bound)
        except InvalidVersion:  # 2004d
            return
        for _ in range(_MOST_STEPS):
            without = "".join(f",!={version}" for version in excluded)
            version = self._lowest(f"{name}>={Version(bound).public}{without}")
            if not version:
                return
            found = self._audit(name, version)
            if found:
                bound = max([version, *map(_end, found)], key=Version)
            else:
                yield version
                bound = version
            excluded = [version]

    def _lowest(self, requirement: str) -> str:
        try:
            [package] = resolve(
                [requirement],
                project=self._project.directory,
                target=self._project.targets[0],
                scope=self._scope,
                dependencies=False,
                lowest=True,
            )
        except Unsatisfiable:
            return ""
        return package.version

    def _is_allowed(self, fixes: Mapping[str, Fix], or_later: str = "") -> bool:
        """Return whether apps.in has a solution with the fixes for every target.

        The package `or_later` may have a later one.
        """
        asked = requests(self._project)
        try:
            for target in self._project.targets:
                constraints = [
                    f"{name}{'>=' if name == or_later else '=='}{version}"
                    for name, version in raised(self._pins[target], fixes).items()
                ]
                resolve(
                    requested_lines(asked),
                    project=self._project.directory,
                    target=target,
                    scope=self._scope,
                    pinned=self._pins[target],
                    constraints=[*limiting_lines(asked), *constraints],
                    build_requires=self._project.build_requires,
                )
        except Unsatisfiable:
            return False
        return True


def _order(finding: Finding) -> tuple[str, Version]:
    try:
        return finding.name, Version(finding.version)
    except InvalidVersion:  # 2004d
        return finding.name, Version("0")


def _end(finding: Finding) -> str:
    """Return a version up to which the vulnerability affects every version.

    It is that of the finding if the advisories don't say where the range ends.
    """
    if not finding.fixed or not finding.affects_all_before:
        return finding.version
    # A pre-release as a bound would allow pre-releases.
    return Version(finding.fixed).base_version


def _title(finding: Finding) -> str:
    return f"{finding.name} {finding.version} has {finding.ids[0]}"


def _by_path(finding: Finding) -> WorkFailed:
    place = finding.chain[0] if finding.chain else str(APPS_IN)
    return WorkFailed(
        place,
        f"{_title(finding)}, and the line names its file or its address",
        edit(_file(place), f"name another one, then: {retry_command()}"),
    )


def _without_fix(finding: Finding) -> WorkFailed:
    return WorkFailed(
        finding.name,
        f"{_title(finding)}, and the index has no later version without a known advisory",
        f"{program_command('why', finding.name)}  # what asks for it; then ask for another package",
    )


def _forbidden(project: VendorProject, finding: Finding, smallest: str) -> WorkFailed:
    """Return the error that names the line which forbids a version, itself or by a dependency."""
    lines = [
        *requirements_with_lines(project.directory),
        *constraints_with_lines(project.directory),
    ]
    place, *names = finding.chain or (str(APPS_IN), finding.name)
    needed = "".join(f", which needs {name}" for name in names[1:])
    text = next((line.text for line, _ in lines if line.place == place), names[0])
    for line, requirement in lines:
        if requirement.name == finding.name and not requirement.allows(smallest):
            place, text, needed = line.place, line.text, ""
            break
    return WorkFailed(
        place,
        f"asks for {text}{needed}; {_title(finding)}, and the smallest version without a known "
        f"advisory is {smallest}",
        edit(_file(place), f"allow {finding.name} {smallest}, then: {retry_command()}"),
    )


def _file(place: str) -> str:
    return place.partition(":")[0]
