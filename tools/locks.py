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
from pathlib import Path, PurePosixPath

import jinja2

from bootstrapper.errors import BootstrapperError
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS, LockedFile
from vendor_fetch.atomic_file import write_file
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import sync_command
from vendor_fetch.project.locks import Lock, read_lock, render_lock
from vendor_fetch.project.project import APPS_IN, FORMATS, VendorProject
from vendor_fetch.project.target import PLATFORMS, Target
from vendor_fetch.sync.lock_project import lock_project
from vendor_fetch.sync.locker import Locker
from vendor_fetch.template.generation import PROJECT_TEMPLATE

REPOSITORY = Path(__file__).resolve().parents[1]
LOCKS = REPOSITORY / "locks"
# A project of such a name would hide one of our packages.
ALWAYS_TAKEN = {"bootstrapper", "vendor_fetch"}
HEADER = ("Written by tools/locks.py (make lock). New projects get these files.",)


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
    targets = tuple(
        Target(python=python, platform=platform)
        for python in choices["python_version"]
        for platform in PLATFORMS
    )
    # Every project gets these locks, so the extra indexes of this machine's pip must not count.
    index = configured_index(REPOSITORY).without_extras()

    def lock(
        scratch: str,
        name: str,
        requirements: list[str],
        vendor_format: str,
        extended: Iterable[LockedFile] = (),
    ) -> tuple[LockedFile, ...]:
        """Write the two locks of one combination of answers; return the lines of the first.

        The versions in the `extended` lines stay.
        """
        project = VendorProject(directory=Path(scratch), format=vendor_format, targets=targets)
        locker = Locker(
            project=project, cache=Cache(cache_directory()), index=index, progress=progress
        )
        lock_files = {lock: f"{lock.stem}-{name}-{vendor_format}.txt" for lock in (APPS, TOOLS)}
        previous = {
            lock: Lock() if upgrade else read_lock(LOCKS, PurePosixPath(file))
            for lock, file in lock_files.items()
        }
        project.apps_in.parent.mkdir(exist_ok=True)
        project.apps_in.write_text("".join(f"{each}\n" for each in requirements), encoding="utf-8")
        found = lock_project(project, locker, previous, extended)
        for lock, file in lock_files.items():
            write(file, render_lock(found[lock].files, found[lock].records, HEADER))
            progress.say(f"{file}: {len(found[lock].files)} files")
        return found[APPS].files

    with tempfile.TemporaryDirectory(prefix="locks-") as scratch:
        for vendor_format, database in itertools.product(FORMATS, choices["database"]):
            lock(scratch, database, requirements(database, vendor_format), vendor_format)
        names = modules((Path(scratch) / SOURCE).glob("*.whl"))
    with tempfile.TemporaryDirectory(prefix="locks-") as scratch:
        files = lock(scratch, "rolf", rolf_requirements(), "wheel")
        everything = [*rolf_requirements(), *rolf_options()]
        lock(scratch, "rolf-all", everything, "wheel", extended=files)
    write("modules.txt", "".join(f"{name}\n" for name in sorted(names | ALWAYS_TAKEN)))


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
