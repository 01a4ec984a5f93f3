"""Lock the template's requirements, every combination of answers for every Python, and Rolf's.

Versions that are locked stay as long as the template's apps.in allows them; --upgrade takes the
newest ones that it allows.
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
from vendor_fetch.atomic_file import atomic_file
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.graph import metadata
from vendor_fetch.index.index import configured_index
from vendor_fetch.project.project import APPS_IN, FORMATS, VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.choice import platform_marker
from vendor_fetch.sync.locker import Locker
from vendor_fetch.template.generation import LOCKED_PLATFORM, PROJECT_TEMPLATE

REPOSITORY = Path(__file__).resolve().parents[1]
LOCKS = REPOSITORY / "locks"
# Whatever is vendored, a project that had one of these names would hide it.
ALWAYS_TAKEN = {"bootstrapper", "vendor_fetch"}
PLATFORM = Target(python="", sys_platform=LOCKED_PLATFORM[0], machine=LOCKED_PLATFORM[1])
HEADER = ("Written by tools/locks.py (make lock). New projects get these files.",)

# By path and hash, the Pythons that a file is for.
Pythons = dict[tuple[PurePosixPath, tuple[str, ...]], set[str]]


def answers() -> dict[str, list[str]]:
    """The choices that cookiecutter.json offers, by variable."""
    settings = json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8"))
    return {name: value for name, value in settings.items() if isinstance(value, list)}


def requirements(database: str, vendor_format: str) -> list[str]:
    """The lines of the template's apps.in, rendered as cookiecutter does."""
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
    """The lines of Rolf's apps.in, but for our own wheel, which is built of the checkout."""
    lines = (REPOSITORY / "rolf" / APPS_IN).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("./")]


def markers(files: Pythons, everywhere: Iterable[str]) -> list[LockedFile]:
    """The lines of a lock; a file that is for some Pythons only says for which."""
    lines = []
    for (path, sha256), pythons in files.items():
        parts = platform_marker(path.name, PLATFORM)
        if pythons != set(everywhere):
            some = " or ".join(f'python_version == "{python}"' for python in sorted(pythons))
            parts.insert(0, f"({some})" if parts and len(pythons) > 1 else some)
        condition = " and ".join(parts)
        lines.append(
            LockedFile(path=path, sha256=sha256, marker=Marker(condition) if condition else None)
        )
    return sorted(lines, key=lambda file: (file.distribution.name, file.path.name))


def modules(wheels: Iterable[Path]) -> set[str]:
    """The names that wheels put at the top of site-packages and that a person might type."""
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
    """Write a file of this directory by one rename."""
    with atomic_file(LOCKS) as file:
        file.write(text.encode())
        file.settle(LOCKS / name)


def refresh(progress: Progress, *, upgrade: bool) -> None:
    """Write every lock and the list of modules."""
    choices = answers()
    pythons = choices["python_version"]
    # The locks are everybody's: what else this machine's pip looks into has no say.
    index = configured_index(REPOSITORY).without_extras()
    locks: dict[str, Pythons] = {}

    def lock(name: str, asked: list[str], vendor_format: str, python: str, scratch: str) -> None:
        """Add what one combination of answers needs, for one Python, to the two locks of it."""
        project = VendorProject(
            directory=Path(scratch), format=vendor_format, platform=replace(PLATFORM, python=python)
        )
        locking = Locker(
            project=project, cache=Cache(cache_directory()), index=index, progress=progress
        )
        apps, own = (f"{kind}-{name}-{vendor_format}.txt" for kind in ("apps", "tools"))
        lines = locking.lines(asked, _before(apps, project, upgrade), prefer=vendor_format)
        locking.fetch(lines)
        for_tools = locking.lines(
            metadata.tool_requirements(lines, project),
            _before(own, project, upgrade),
            prefer="wheel",
            beside=lines,
        )
        locking.fetch(for_tools)
        for written, files in ((apps, lines), (own, for_tools)):
            for file in files:
                locks.setdefault(written, {}).setdefault((file.path, file.sha256), set()).add(
                    python
                )

    with tempfile.TemporaryDirectory(prefix="locks-") as scratch:
        for vendor_format, database, python in itertools.product(
            FORMATS, choices["database"], pythons
        ):
            lock(database, requirements(database, vendor_format), vendor_format, python, scratch)
        names = modules((Path(scratch) / SOURCE).glob("*.whl"))
    with tempfile.TemporaryDirectory(prefix="locks-") as scratch:
        for python in pythons:
            lock("rolf", rolf_requirements(), "wheel", python, scratch)
    for name, found in locks.items():
        write(name, render(markers(found, pythons), HEADER))
        progress.say(f"{name}: {len(found)} files")
    write("modules.txt", "".join(f"{name}\n" for name in sorted(names | ALWAYS_TAKEN)))


def _before(name: str, project: VendorProject, upgrade: bool) -> list[LockedFile]:
    if upgrade or not (LOCKS / name).is_file():
        return []
    return [
        file
        for file in read(LOCKS, PurePosixPath(name))
        if file.marker is None or file.marker.holds(project.platform.environment)
    ]


def main() -> int:
    """Exit status, as everywhere."""
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
        print(error, file=sys.stderr)
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
