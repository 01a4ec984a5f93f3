"""Compare apps.in, the locks and the vendored files, for every target, without a network.

Where a marker tells micro versions of a target's Python apart, all of them are compared; see
vendor_fetch.graph.micro_versions.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile, read
from bootstrapper.ve.project.selection import select_files
from bootstrapper.ve.project.vendored_files import file_differences, unlisted_files
from bootstrapper.ve.standards.filename import Tarball
from bootstrapper.ve.standards.requirement import parse_requirement
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.graph.graph import LockGraph, Problem
from vendor_fetch.graph.line_differences import for_targets, line_differences
from vendor_fetch.graph.metadata import declared_build_requirements
from vendor_fetch.graph.micro_versions import every_version, markers_of
from vendor_fetch.program import edit_and_sync
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.locks import files_for_target, read_lock
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.project.target import Target


@dataclass(frozen=True, kw_only=True)
class _Locks:
    """The lines of both locks, the metadata of their files, and which files are damaged.

    `versions` are the micro versions of each target that may take different files.
    """

    project: VendorProject
    apps: list[LockedFile]
    tools: list[LockedFile]
    distributions: Distributions
    damaged: dict[PurePosixPath, WorkFailed] = field(default_factory=dict)
    versions: dict[Target, tuple[Target, ...]] = field(default_factory=dict)


def check_differences(project: VendorProject) -> Iterator[str]:
    """Yield every difference as one line. Raise InputError for a wrong apps.in."""
    requirements = apps_in(project.vendored)
    try:
        apps, tools = (read(project.vendored, lock) for lock in (APPS, TOOLS))
    except InputError as error:
        yield _line(error)
        return
    files = {file.path: file for file in (*apps, *tools)}
    locks = _Locks(
        project=project,
        apps=apps,
        tools=tools,
        distributions=Distributions.of_locks(project),
        damaged=file_differences(project.vendored, files.values(), jobs=os.cpu_count() or 1),
    )
    yield from line_differences(project, apps)
    markers = list(
        markers_of(
            (file for file in (*apps, *tools) if file.path not in locks.damaged),
            locks.distributions,
            requirements,
        )
    )
    for target in project.targets:
        locks.versions[target] = every_version([target], markers)
    problems: dict[str, list[Target]] = defaultdict(list)
    requesters: dict[PurePosixPath, dict[str, list[Target]]] = {}
    try:
        for target in project.targets:
            for text, version in _problems_of_target(locks, target, requesters).items():
                problems[text].append(version)
        yield from _damaged(locks, requesters)
        yield from map(_line, unlisted_files(project.vendored, files.values()))
        for text, targets in problems.items():
            yield text + for_targets(targets, project)
        yield from _untaken(locks)
        yield from _other_format(project)
        if not locks.damaged:
            yield from _record_differences(locks)
        if not (problems or locks.damaged):
            refuse_rejected_files(apps, project)
    except BootstrapperError as error:
        yield _line(error)


def unlisted_paths(project: VendorProject) -> list[str]:
    """Return the wheels and tarballs that no lock names. Raise InputError for a wrong lock."""
    listed = [file for lock in (APPS, TOOLS) for file in read(project.vendored, lock)]
    return [error.where for error in unlisted_files(project.vendored, listed)]


def refuse_rejected_files(files: Iterable[LockedFile], project: VendorProject) -> None:
    """Raise WorkFailed if the rebuild of a target would reject one of the files, which are there."""
    files = list(files)
    for target in project.targets:
        try:
            files_of_rebuild(files, project, target)
        except WorkFailed as error:
            raise WorkFailed(
                str(APPS_IN),
                error.fault,
                edit_and_sync(
                    APPS_IN,
                    f"ask for another version, or for a wheel in requirements/src/ for {target}",
                ),
            ) from None


def files_of_rebuild(
    files: Iterable[LockedFile], project: VendorProject, target: Target
) -> list[LockedFile]:
    """Return the files that a rebuild on the target takes. Raise WorkFailed if one does not fit."""
    return select_files(
        list(files),
        target.interpreter,
        project=project.vendored,
        wanted=[requirement.text for requirement in apps_in(project.vendored)],
    )


def _problems_of_target(
    locks: _Locks,
    target: Target,
    requesters: dict[PurePosixPath, dict[str, list[Target]]],
) -> dict[str, Target]:
    """Return the problems of a target, each with the first version of its Python that has it.

    A file that only some versions need is no problem on the others.
    """
    versions = locks.versions[target]
    found: dict[Problem, list[Target]] = {}
    for version in versions:
        for problem in _problems(locks, version, requesters):
            having = found.setdefault(problem, [])
            if version not in having:
                having.append(version)
    return {
        str(problem): having[0]
        for problem, having in found.items()
        if problem.unneeded is None
        or having == [each for each in versions if files_for_target([problem.unneeded], each)]
    }


def _problems(
    locks: _Locks,
    target: Target,
    requesters: dict[PurePosixPath, dict[str, list[Target]]],
) -> Iterator[Problem]:
    """Yield the problems of both locks on a target; collect what asks for each file."""
    project, distributions = locks.project, locks.distributions
    apps = LockGraph(target, locks.apps, APPS, distributions, locks.damaged)
    asked = [each for each in apps_in(project.vendored) if each.path or not each.url]
    yield from apps.problems(asked, str(APPS_IN))
    building = files_for_target([*locks.apps, *locks.tools], target)
    wanted = map(parse_requirement, distributions.tool_requirements(building))
    tools = LockGraph(target, locks.tools, TOOLS, distributions, locks.damaged)
    yield from tools.problems(wanted, "bootstrap.py")
    for graph in (apps, tools):
        for path, names in graph.requesters.items():
            for name in names:
                requesters.setdefault(path, {}).setdefault(name, []).append(target)


def _damaged(
    locks: _Locks, requesters: dict[PurePosixPath, dict[str, list[Target]]]
) -> Iterator[str]:
    """Yield the fault of each damaged file, with what asks for it and for which targets."""
    for path, error in locks.damaged.items():
        asking = requesters.get(path, {})
        by = ", ".join(asking)
        targets = [
            target
            for target in locks.project.targets
            if any(
                version in each for each in asking.values() for version in locks.versions[target]
            )
        ]
        needed = f"; {by} needs it" if by else ""
        yield _line(error) + needed + for_targets(targets, locks.project)


def _other_format(project: VendorProject) -> Iterator[str]:
    """Yield the difference between the format of apps.txt and that of the project."""
    written = read_lock(project.vendored, APPS).format
    if written not in ("", project.format):
        yield f"{APPS}: has {written}s, pyproject.toml asks for the format {project.format!r}"


def _untaken(locks: _Locks) -> Iterator[str]:
    """Yield the files that no target takes."""
    by_path = {requirement.path for requirement in apps_in(locks.project.vendored)}
    for file in (*locks.apps, *locks.tools):
        # A wheel that apps.in names may be for a machine that is no target.
        versions = () if file.path in by_path else sum(locks.versions.values(), ())
        if versions and not any(files_for_target([file], version) for version in versions):
            yield f"{file.place}: no target takes {file.path.name}"


def _record_differences(locks: _Locks) -> Iterator[str]:
    """Yield the tarballs whose record lacks a build requirement that the tarball declares."""
    for file in (*locks.apps, *locks.tools):
        if not isinstance(file.distribution, Tarball):
            continue
        if not locks.distributions.has_record(file):
            yield f"{file.lock}: does not record what {file.path.name} builds with"
            continue
        recorded = locks.distributions.build_requirements(file)
        names = {requirement.name for requirement in recorded}
        for text in declared_build_requirements(locks.project.vendored / file.path):
            if parse_requirement(text).name not in names:
                yield f"{file.lock}: does not record that {file.path.name} builds with {text}"


def _line(error: BootstrapperError) -> str:
    return f"{error.where}: {error.fault}"
