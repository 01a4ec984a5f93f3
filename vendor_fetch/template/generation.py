"""Complete a project that cookiecutter has rendered: its vendored files, its locks, its `.env`.

The template's `locks/` name the files, so the same template gives the same bytes whatever the index
has by now.
"""

import json
import os
import re
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from bootstrapper.errors import BootstrapperError, error_text, refused
from bootstrapper.progress import Progress
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS, LockedFile, read
from vendor_fetch.atomic_file import write_file
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.download.fetch import fetch
from vendor_fetch.graph.micro_versions import every_version
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import sync_command
from vendor_fetch.project import locks
from vendor_fetch.project.locks import TarballRecord, files_for_target
from vendor_fetch.project.project import APPS_IN, VendorProject, open_project
from vendor_fetch.resolve.choice import locked_from_path
from vendor_fetch.resolve.markers import marker_or_none
from vendor_fetch.sync.sync import sync
from vendor_fetch.template.cookiecutter import typed_command
from vendor_fetch.template.ignored_files import ignored_files
from vendor_fetch.template.kinds import read_kinds
from vendor_fetch.template.origin import address_of, version_of
from vendor_fetch.template.own_wheel import build_wheel
from vendor_fetch.template.record import (
    RECORD,
    TemplateRecord,
    file_paths,
    hashes,
    recorded_answers,
)

PROJECT_TEMPLATE = "<<cookiecutter.project_slug>>"
# How long cookiecutter may take to end after a Ctrl-C, which it receives as well.
PARENT_SECONDS = 1.0


def complete_project(
    template: Path,
    directory: Path,
    *,
    typed: str,
    answers: Mapping[str, Any],
    progress: Progress,
) -> None:
    """Give a rendered project everything that is not in the template.

    `template` is the checkout, which the user has named by `typed`, `directory` the project, and
    `answers` what it was rendered with. Raise BootstrapperError or OSError.
    """
    restore_modes(directory)
    vendor_project(template, directory, locks_for=answers["database"], progress=progress)
    write_env(directory)
    kinds, rendered = read_kinds(template), _rendered_paths(template, directory)
    rendered -= set(map(Path, ignored_files(template, PROJECT_TEMPLATE, directory.name)))
    record = TemplateRecord(
        address=address_of(template, typed, directory),
        version=version_of(template),
        answers=recorded_answers(answers),
        files=hashes(
            directory,
            (
                path
                for path in file_paths(directory)
                if Path(path) in rendered or kinds.is_generated(path)
            ),
        ),
    )
    write_file(directory / RECORD, record.text().encode())


def restore_modes(directory: Path) -> None:
    """Give rendered files the modes that they have in the template's repository."""
    for path in directory.rglob("*"):
        path.chmod(path.stat().st_mode | 0o200)  # cookiecutter copies the modes of a read-only one
        if _is_script(path):  # a template that was unpacked from a zip has lost its execute bits
            path.chmod(0o755)


def ask_for_own_wheel(directory: Path, wheel: str) -> None:
    """Add bootstrapper's own wheel, by its name, to the apps.in of a project."""
    apps_in = directory / APPS_IN
    text = apps_in.read_text(encoding="utf-8")
    line = f"./{SOURCE / wheel}\n"
    if line not in text:
        apps_in.write_text(text.rstrip("\n") + "\n" + line, encoding="utf-8")


def _is_script(path: Path) -> bool:
    if not path.is_file() or path.is_symlink():
        return False
    with path.open("rb") as stream:
        return stream.read(2) == b"#!"


def vendor_project(template: Path, directory: Path, *, locks_for: str, progress: Progress) -> None:
    """Give a project the files of a lock of the template, and bootstrapper's own wheel.

    `locks_for` is a database, or "rolf" or "rolf-all" for Rolf itself. Raise BootstrapperError or OSError.
    """
    project = open_project(directory)
    wheel = build_wheel(template, project.source)
    ask_for_own_wheel(directory, wheel.name)
    cache, index = Cache(cache_directory()), configured_index(directory)
    if not {target.python for target in project.targets} <= locked_pythons(template):
        sync(project, cache, index, progress)
        return
    files: dict[PurePosixPath, list[LockedFile]] = {}
    records: dict[str, TarballRecord] = {}
    for lock in (APPS, TOOLS):
        name = f"{lock.stem}-{locks_for}-{project.format}.txt"
        files[lock] = _lines(template, name, project)
        records |= locks.tarball_records(template, PurePosixPath("locks") / name)
    own_line = locked_from_path(wheel, project, project.targets)
    files[APPS].append(own_line)
    fetch(
        [*files[APPS], *files[TOOLS]],
        project=project,
        cache=cache,
        index=index,
        progress=progress,
    )
    for lock in (APPS, TOOLS):
        content = locks.Lock(files=tuple(files[lock]), records=records, format=project.format)
        locks.write_lock(lock, content, project)


def locked_pythons(template: Path) -> set[str]:
    """Return the Pythons that the template's locks cover, on every platform."""
    answers = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    return set(answers["python_version"])


def _lines(template: Path, name: str, project: VendorProject) -> list[LockedFile]:
    """Return the lines of a template's lock for the project, with the markers of its own lock."""
    files, lines = read(template, PurePosixPath("locks") / name), []
    targets = every_version(project.targets, [file.marker for file in files if file.marker])
    for file in files:
        takers = [target for target in targets if files_for_target([file], target)]
        if takers:
            marker = marker_or_none(file.path.name, takers, targets)
            lines.append(replace(file, marker=marker))
    return lines


def main(template: Path, *, typed: str, answers: Mapping[str, Any]) -> int:
    """Complete the project in the current directory, as cookiecutter's hook. Return the status.

    `typed` is the template as the user has named it, and `answers` are those to its questions.
    """
    project, cookiecutter = Path.cwd(), os.getppid()
    command = typed_command(template)
    # Checked before files are added: a directory with other files is not removed after a failure.
    is_new = not _has_other_files(template, project)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        complete_project(template, project, typed=typed, answers=answers, progress=Progress())
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print(f"interrupted; no project has been made\n  next: {command}", file=sys.stderr)
        if is_new:
            _remove_project(project, cookiecutter)
        return 130
    except OSError as error:
        print(refused(error, project, again=command), file=sys.stderr)
        return 1
    except Exception as error:
        # The project is removed, so the command that creates it is the next one.
        text = error_text(error, program="cookiecutter", retry=command)
        print(text.replace(sync_command(), command), file=sys.stderr)
        return error.status if isinstance(error, BootstrapperError) else 1
    commands = [f"cd {quoted(str(project))}", "./bootstrap.py"]
    if answers["database"] == "postgresql":
        commands.append(f"createdb {project.name}")
    commands += ["./manage.py migrate", "./manage.py runserver"]
    with suppress(BrokenPipeError):
        lines = "".join(f"    {command}\n" for command in commands)
        print(f"\n{project.name} is ready. Next:\n\n{lines}", flush=True)
    return 0


def _has_other_files(template: Path, project: Path) -> bool:
    """Return whether the directory has files that the template did not put there."""
    rendered = _rendered_paths(template, project)
    return any(path.relative_to(project) not in rendered for path in project.rglob("*"))


def _rendered_paths(template: Path, project: Path) -> set[Path]:
    """Return the paths of the template's files and directories in a project."""
    root = template / PROJECT_TEMPLATE
    return {
        Path(
            *(
                project.name if part == PROJECT_TEMPLATE else part
                for part in path.relative_to(root).parts
            )
        )
        for path in root.rglob("*")
    }


def _remove_project(project: Path, cookiecutter: int) -> None:
    """Remove the project: cookiecutter does not, if it is interrupted or killed itself.

    The directory is removed only when the process `cookiecutter` has ended; otherwise cookiecutter
    removes it.
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


# Django warns below 50 characters (security.W009). 50 random bytes are 67 characters, none of them
# special in a shell or in an environment file.
SECRET_BYTES = 50


def write_env(project: Path) -> None:
    """Write `.env` from `.env.example`, readable by its owner only. Keep an existing one."""
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
