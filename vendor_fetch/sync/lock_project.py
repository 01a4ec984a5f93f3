"""Lock what a project asks for, and the tools that its rebuild needs; fetch the files of both."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile
from vendor_fetch.graph.check import refuse_rejected_files
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.project.locks import Lock, files_for_target
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.sync.locker import Locker


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
    apps = locker.vendor(None, previous[APPS], prefer=project.format, other_lock=extended)
    refuse_rejected_files(apps, project)
    records = {**previous[TOOLS].records, **previous[APPS].records}
    tools: list[LockedFile] = []
    # What the tarballs declare is fetched before their backends are asked, which need it.
    asked: list[Mapping[Target, list[str]]] = []
    while True:
        distributions = Distributions(project, records)
        wanted = {
            target: distributions.tool_requirements(files_for_target([*apps, *tools], target))
            for target in project.targets
        }
        if wanted in asked:
            break
        asked.append(wanted)
        # A tool may be a tarball, which needs tools of its own.
        tools = locker.vendor(wanted, previous[TOOLS], prefer="wheel", other_lock=apps)
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
