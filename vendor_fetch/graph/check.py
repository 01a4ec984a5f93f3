"""Check that apps.in, apps.txt, tools.txt and requirements/src/ agree, without a network."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile, read
from bootstrapper.ve.project.selection import select_files
from bootstrapper.ve.project.vendored_files import file_difference, unlisted_files
from bootstrapper.ve.python.interpreter import Interpreter, current_interpreter
from bootstrapper.ve.python.tag import linux_platforms
from bootstrapper.ve.standards.requirement import parse_requirement
from vendor_fetch.graph.graph import LockGraph
from vendor_fetch.graph.metadata import tool_requirements
from vendor_fetch.program import edit_and_sync
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.locks import files_for_target
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.project.target import SERVER_GLIBC, Target


def check_differences(project: VendorProject) -> Iterator[str]:
    """Yield every difference as one line. Raise InputError for a wrong apps.in."""
    requirements = apps_in(project.directory)
    try:
        apps, tools = (read(project.directory, lock) for lock in (APPS, TOOLS))
    except InputError as error:
        yield _line(error)
        return
    compared = (file_difference(project.directory, file) for file in (*apps, *tools))
    damaged = [difference for difference in compared if difference]
    yield from map(_line, damaged)
    yield from map(_line, unlisted_files(project.directory, [*apps, *tools]))
    if damaged:
        return
    try:
        problems = list(LockGraph(project, apps, APPS).problems(requirements, str(APPS_IN)))
        yield from problems
        wanted = tool_requirements(files_for_target(apps, project.target), project)
        yield from LockGraph(project, tools, TOOLS).problems(
            map(parse_requirement, wanted), "bootstrap.py"
        )
        if not problems:
            refuse_rejected_files(apps, project)
    except BootstrapperError as error:
        yield _line(error)


def unlisted_paths(project: VendorProject) -> list[str]:
    """Return the wheels and tarballs that no lock names. Raise InputError for a wrong lock."""
    listed = [file for lock in (APPS, TOOLS) for file in read(project.directory, lock)]
    return [error.where for error in unlisted_files(project.directory, listed)]


def refuse_rejected_files(files: Iterable[LockedFile], project: VendorProject) -> None:
    """Raise WorkFailed if the rebuild would reject one of the files, which are in place."""
    try:
        select_files(
            list(files),
            _interpreter(project.target),
            project=project.directory,
            wanted=[requirement.text for requirement in apps_in(project.directory)],
        )
    except WorkFailed as error:
        raise WorkFailed(
            str(APPS_IN),
            error.fault,
            edit_and_sync(
                APPS_IN,
                f"ask for another version, or for a wheel in requirements/src/ for {project.target}",
            ),
        ) from None


def _interpreter(target: Target) -> Interpreter:
    """Return the target's Python, on this machine or on a server with the oldest supported glibc."""
    current = current_interpreter()
    major, minor = map(int, target.python.split("."))
    platforms = current.platforms
    if target.sys_platform == "linux":
        servers = linux_platforms(target.machine, glibc=SERVER_GLIBC)
        platforms = tuple(dict.fromkeys((*platforms, *servers)))
    return replace(
        current,
        version=(major, minor),
        platforms=platforms,
        abiflags=current.abiflags if current.version == (major, minor) else "",
        environment=target.environment,
    )


def _line(error: BootstrapperError) -> str:
    return f"{error.where}: {error.fault}"
