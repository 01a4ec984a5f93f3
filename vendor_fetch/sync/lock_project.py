"""Lock what a project asks for, and the tools that its rebuild needs; fetch the files of both."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile
from vendor_fetch.graph.check import refuse_rejected_files
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.graph.micro_versions import every_version, markers_of
from vendor_fetch.project.locks import Lock, Records, files_for_target
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.sync.locker import Locker
from vendor_fetch.sync.requirements import without_repetitions


def lock_project(
    project: VendorProject,
    locker: Locker,
    previous: Mapping[PurePosixPath, Lock],
    extended: Iterable[LockedFile] = (),
) -> dict[PurePosixPath, Lock]:
    """Return the contents of apps.txt and tools.txt. All their files are in place.

    The versions in the `previous` locks and in the `extended` lines stay where the requirements
    allow them. Raise BootstrapperError.
    """
    extended, records = list(extended), {**previous[TOOLS].records, **previous[APPS].records}
    while True:
        before = replace(previous[APPS], records=records)
        apps = locker.vendor(None, before, prefer=project.format, other_lock=extended)
        # Backends tell the dependencies of some tarballs, and so the markers of these.
        distributions = Distributions(project, records)
        new = locker.tarball_records(
            [file for file in apps if not distributions.dependencies(file).known], records
        )
        known = _every_version(project, apps, records)
        records |= new
        if _every_version(project, apps, records) == known:
            break
    refuse_rejected_files(apps, project)
    tools: list[LockedFile] = []
    # What the tarballs declare is fetched before their backends are asked, which need it.
    asked: list[Mapping[Target, list[str]]] = []
    while True:
        distributions = Distributions(project, records)
        wanted = {
            target: distributions.tool_requirements(files_for_target([*apps, *tools], target))
            for target in _every_version(project, [*apps, *tools], records)
        }
        if wanted in asked:
            break
        asked.append(wanted)
        # A tool may be a tarball, which needs tools of its own.
        tools = locker.vendor(
            without_repetitions(wanted), previous[TOOLS], prefer="wheel", other_lock=apps
        )
        records = locker.tarball_records([*apps, *tools], records)
    return {
        APPS: Lock(
            files=tuple(apps),
            records=records,
            origins=previous[APPS].origins,
            format=project.format,
        ),
        TOOLS: Lock(files=tuple(tools), records=records, format=project.format),
    }


def _every_version(
    project: VendorProject, files: Iterable[LockedFile], records: Records
) -> tuple[Target, ...]:
    """Return the targets of a project with the micro versions that markers of files tell apart."""
    markers = markers_of(files, Distributions(project, records), ())
    return every_version(project.targets, markers)
