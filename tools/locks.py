"""Lock the requirements of the template, for every answer and every Python, and those of Rolf.

Locked versions stay as long as apps.in allows them. --upgrade takes the newest allowed versions.
"""

import argparse
import itertools
import json
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import jinja2

from bootstrapper.errors import BootstrapperError
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import SOURCE, LockedFile, read, render
from bootstrapper.ve.standards.marker import Marker
from vendor_fetch.atomic_file import write_file
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.graph.metadata import tool_requirements
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import sync_command
from vendor_fetch.project.locks import files_for_target
from vendor_fetch.project.project import APPS_IN, FORMATS, VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.choice import platform_marker
from vendor_fetch.sync.locker import Locker
from vendor_fetch.template.generation import LOCKED_PLATFORM, PROJECT_TEMPLATE

REPOSITORY = Path(__file__).resolve().parents[1]
LOCKS = REPOSITORY / "locks"
# A project of such a name would hide one of our packages.
ALWAYS_TAKEN = {"bootstrapper", "vendor_fetch"}
TARGET = Target(python="", sys_platform=LOCKED_PLATFORM[0], machine=LOCKED_PLATFORM[1])
HEADER = ("Written by tools/locks.py (make lock). New projects get these files.",)

# The Pythons that need a file, by its path and hashes.
Pythons = dict[tuple[PurePosixPath, tuple[str, ...]], set[str]]


def answers() -> dict[str, list[str]]:
    """Return the choices of each question in cookiecutter.json that has choices."""
    settings = json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8"))
    return {name: value for name, value in settings.items() if isinstance(value, list)}


def requirements(database: str, vendor_format: str) -> list[str]:
    """Return the lines of the template's apps.in, rendered as cookiecutter renders it."""
    settings = json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8"))
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, **settings["_jinja2_env_vars"]
    )
    template = environment.from_string(
        (REPOSITORY / PROJECT_TEMPLATE / APPS_IN).read_text(encoding="utf-8")
    )
    return template.render(
        cookiecutter={"database": database, "vendor_format": vendor_format}
    ).splitlines()


def rolf_requirements() -> list[str]:
    """Return the lines of Rolf's apps.in without our own wheel, which the checkout builds."""
    lines = (REPOSITORY / "rolf" / APPS_IN).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("./")]


def rolf_options() -> list[str]:
    """Return the requirements of every option of Rolf."""
    files = (REPOSITORY / "rolf" / APPS_IN).parent.glob("*.in")
    return [
        line
        for file in sorted(files)
        if file.name != APPS_IN.name
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


def locked_files(files: Pythons, all_pythons: Iterable[str]) -> list[LockedFile]:
    """Return the lines of a lock. A file that some Pythons need has a marker that names them."""
    lines = []
    for (path, sha256), pythons in files.items():
        parts = platform_marker(path.name, TARGET)
        if pythons != set(all_pythons):
            some = " or ".join(f'python_version == "{python}"' for python in sorted(pythons))
            parts.insert(0, f"({some})" if parts and len(pythons) > 1 else some)
        condition = " and ".join(parts)
        lines.append(
            LockedFile(path=path, sha256=sha256, marker=Marker(condition) if condition else None)
        )
    return sorted(lines, key=lambda file: (file.distribution.name, file.path.name))


def modules(wheels: Iterable[Path]) -> set[str]:
    """Return the top-level modules in wheels, but those with a leading underscore."""
    names: set[str] = set()
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            tops = {member.partition("/")[0] for member in archive.namelist()}
        names |= {
            top.partition(".")[0]
            for top in tops
            if not top.endswith((".dist-info", ".data", ".pth"))
        }
    return {name for name in names if name.isidentifier() and not name.startswith("_")}


def write(name: str, text: str) -> None:
    """Write a file of locks/ by one rename."""
    write_file(LOCKS / name, text.encode())


def refresh(progress: Progress, *, upgrade: bool) -> None:
    """Write every lock, and modules.txt."""
    choices = answers()
    pythons = choices["python_version"]
    # Every project gets these locks, so the extra indexes of this machine's pip must not count.
    index = configured_index(REPOSITORY).without_extras()
    locks: dict[str, Pythons] = {}

    def lock(
        name: str,
        requirements: list[str],
        vendor_format: str,
        python: str,
        scratch: str,
        extended: Iterable[LockedFile] = (),
    ) -> list[LockedFile]:
        """Add the files that one combination of answers needs for one Python to its two locks.

        Return the lines of the first. It keeps the versions in the `extended` lines.
        """
        project = VendorProject(
            directory=Path(scratch), format=vendor_format, target=replace(TARGET, python=python)
        )
        locker = Locker(
            project=project, cache=Cache(cache_directory()), index=index, progress=progress
        )
        apps_name, tools_name = (f"{kind}-{name}-{vendor_format}.txt" for kind in ("apps", "tools"))
        previous = {
            file.distribution.name: file
            for file in (*_previous(apps_name, project, upgrade), *extended)
        }
        apps = locker.lock(requirements, previous.values(), prefer=vendor_format)
        locker.fetch(apps)
        tools = locker.lock(
            tool_requirements(apps, project),
            _previous(tools_name, project, upgrade),
            prefer="wheel",
            other_lock=apps,
        )
        locker.fetch(tools)
        for lock_name, files in ((apps_name, apps), (tools_name, tools)):
            pythons_of = locks.setdefault(lock_name, {})
            for file in files:
                pythons_of.setdefault((file.path, file.sha256), set()).add(python)
        return apps

    with tempfile.TemporaryDirectory(prefix="locks-") as scratch:
        for vendor_format, database, python in itertools.product(
            FORMATS, choices["database"], pythons
        ):
            lock(database, requirements(database, vendor_format), vendor_format, python, scratch)
        names = modules((Path(scratch) / SOURCE).glob("*.whl"))
    with tempfile.TemporaryDirectory(prefix="locks-") as scratch:
        for python in pythons:
            files = lock("rolf", rolf_requirements(), "wheel", python, scratch)
            everything = [*rolf_requirements(), *rolf_options()]
            lock("rolf-all", everything, "wheel", python, scratch, extended=files)
    for name, found in locks.items():
        write(name, render(locked_files(found, pythons), HEADER))
        progress.say(f"{name}: {len(found)} files")
    write("modules.txt", "".join(f"{name}\n" for name in sorted(names | ALWAYS_TAKEN)))


def _previous(name: str, project: VendorProject, upgrade: bool) -> list[LockedFile]:
    """Return the lines of a lock for the project's target; none if the newest are wanted."""
    if upgrade or not (LOCKS / name).is_file():
        return []
    return files_for_target(read(LOCKS, PurePosixPath(name)), project.target)


def main() -> int:
    """Lock, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest versions that apps.in allows"
    )
    options = parser.parse_args()
    try:
        refresh(Progress(), upgrade=options.upgrade)
    except BootstrapperError as error:
        print(str(error).replace(sync_command(), "make lock"), file=sys.stderr)
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
