"""What happens after cookiecutter has rendered a project: it gets all its files.

Same template, same bytes: which files is in the template's `locks/`, not up to an index.
"""

import os
import re
import secrets
import shlex
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path, PurePosixPath

from bootstrapper.errors import BootstrapperError, error_text, refused
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS, LockedFile, read
from bootstrapper.ve.standards.marker import Marker
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.download.fetch import fetch
from vendor_fetch.graph.metadata import tool_requirements
from vendor_fetch.index.index import configured_index
from vendor_fetch.project import locks
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.project import VendorProject, open_project
from vendor_fetch.resolve.choice import locked_from_path, marker_for
from vendor_fetch.sync.sync import sync
from vendor_fetch.template.cookiecutter import typed_command
from vendor_fetch.template.own_wheel import build_wheel

# What the template's locks are for.
LOCKED_PLATFORM = ("linux", "x86_64")
PROJECT_TEMPLATE = "<<cookiecutter.project_slug>>"
# How long cookiecutter may take to end after a Ctrl-C that it got as well.
PARENT_SECONDS = 1.0


def complete_project(template: Path, directory: Path, *, database: str, progress: Progress) -> None:
    """Give a rendered project everything that is not in the template.

    `template` is the checkout, `directory` the project. Raises BootstrapperError or OSError.
    """
    for path in directory.rglob("*"):  # cookiecutter copies modes, of a read-only checkout, too
        path.chmod(path.stat().st_mode | 0o200)
        if _is_script(path):  # a template that was unpacked from a zip has lost these bits
            path.chmod(0o755)
    vendor_project(template, directory, answer=database, progress=progress)
    write_env(directory)


def _is_script(path: Path) -> bool:
    if not path.is_file() or path.is_symlink():
        return False
    with path.open("rb") as stream:
        return stream.read(2) == b"#!"


def vendor_project(template: Path, directory: Path, *, answer: str, progress: Progress) -> None:
    """Give a project the files of the template's lock for an `answer`, and our own wheel.

    The answer is a database, or "rolf" for Rolf itself. Raises BootstrapperError or OSError.
    """
    project = open_project(directory)
    wheel = build_wheel(template, project.source)
    line = f"./{SOURCE / wheel.name}\n"
    asked = project.apps_in.read_text(encoding="utf-8")
    if line not in asked:
        project.apps_in.write_text(asked.rstrip("\n") + "\n" + line, encoding="utf-8")
    cache, index = Cache(cache_directory()), configured_index(directory)
    if (project.platform.sys_platform, project.platform.machine) == LOCKED_PLATFORM:
        own = locked_from_path(wheel.resolve(), directory.resolve(), project.platform)
        apps = [own, *_lines(template, f"apps-{answer}-{project.format}.txt", project)]
        tools = _lines(template, f"tools-{answer}-{project.format}.txt", project)
        fetch(
            [*apps, *tools],
            project=directory,
            platform=project.platform,
            cache=cache,
            index=index,
            progress=progress,
        )
        locks.write_lock(APPS, apps, project, [each.text for each in apps_in(directory)])
        locks.write_lock(TOOLS, tools, project, tool_requirements(apps, project))
    else:
        sync(project, cache, index, progress)


def _lines(template: Path, name: str, project: VendorProject) -> list[LockedFile]:
    """The lines of a template's lock that hold for the project, as its own lock has them."""
    lines = []
    for file in read(template, PurePosixPath("locks") / name):
        if file.marker is None or file.marker.holds(project.platform.environment):
            condition = marker_for(file.path.name, project.platform)
            lines.append(
                LockedFile(
                    path=file.path,
                    sha256=file.sha256,
                    marker=Marker(condition) if condition else None,
                )
            )
    return lines


def main(template: Path, *, database: str) -> int:
    """Complete the project in the current directory, as a hook of cookiecutter. Return the status."""
    project, cookiecutter = Path.cwd(), os.getppid()
    command = typed_command(template)
    # Looked at before anything is added: what to do if it goes wrong depends on it.
    ours = not _strangers(template, project)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        complete_project(template, project, database=database, progress=Progress())
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print(f"interrupted; no project has been made\n  next: {command}", file=sys.stderr)
        if ours:
            _leave_nothing(project, cookiecutter)
        return 130
    except OSError as error:
        print(refused(error, project, again=command), file=sys.stderr)
        return 1
    except Exception as error:
        print(error_text(error), file=sys.stderr)
        return error.status if isinstance(error, BootstrapperError) else 1
    commands = [f"cd {shlex.quote(str(project))}", "./bootstrap.py"]
    if database == "postgresql":
        commands.append(f"createdb {project.name}")
    commands += ["./manage.py migrate", "./manage.py runserver"]
    with suppress(BrokenPipeError):
        lines = "".join(f"    {command}\n" for command in commands)
        print(f"\n{project.name} is ready. Next:\n\n{lines}", flush=True)
    return 0


def _strangers(template: Path, project: Path) -> bool:
    """Whether the directory holds what this template hasn't put there: it was there before."""
    root = template / PROJECT_TEMPLATE
    rendered = {
        Path(
            *(
                project.name if part == PROJECT_TEMPLATE else part
                for part in path.relative_to(root).parts
            )
        )
        for path in root.rglob("*")
    }
    return any(path.relative_to(project) not in rendered for path in project.rglob("*"))


def _leave_nothing(project: Path, cookiecutter: int) -> None:
    """Remove the project: a cookiecutter that is interrupted or killed itself doesn't.

    The directory goes only when the process `cookiecutter` has; one that lives removes it.
    """
    for path in project.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    deadline = time.monotonic() + PARENT_SECONDS
    while time.monotonic() < deadline:
        if os.getppid() != cookiecutter:
            project.rmdir()
            return
        time.sleep(0.05)


# Django warns below 50 characters (security.W009); 50 random bytes are 67 of them, all of which
# are themselves in a shell and in an environment file.
SECRET_BYTES = 50


def write_env(project: Path) -> None:
    """Write `.env` from `.env.example`, for its owner only. One that is there stays."""
    example = (project / ".env.example").read_text(encoding="utf-8")
    text = re.sub(
        r"^SECRET_KEY=.*$",
        f"SECRET_KEY={secrets.token_urlsafe(SECRET_BYTES)}",
        example,
        count=1,
        flags=re.MULTILINE,
    )
    with suppress(FileExistsError):
        descriptor = os.open(project / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
