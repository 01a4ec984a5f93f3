"""Find every difference between the lock, the vendored files and the virtualenv."""

import hashlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from bootstrapper.progress import Progress
from bootstrapper.ve.install import installed_files
from bootstrapper.ve.install.installed_files import Row
from bootstrapper.ve.install.manifest import Manifest
from bootstrapper.ve.project import lockfile, vendored_files
from bootstrapper.ve.project.difference import Difference
from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile
from bootstrapper.ve.project.project import Project
from bootstrapper.ve.project.selection import select_files
from bootstrapper.ve.python.interpreter import inspect_interpreter
from bootstrapper.ve.system import modes
from bootstrapper.ve.wheel.record import encode_digest, is_verifiable

# The files that virtualenv creates beside packages and scripts.
_VIRTUALENV_MODULES = ("_virtualenv.py", "_virtualenv.pth")
_VIRTUALENV_SCRIPTS = ("activate", "deactivate", "python")


def check(project: Project, *, jobs: int, progress: Progress) -> list[Difference]:
    """Return all differences; none if everything matches.

    Raise BootstrapperError if a lock can't be read or has no files for the virtualenv's Python.
    """
    apps = lockfile.read(project.directory, APPS)
    tools = lockfile.read(project.directory, TOOLS)
    files = [*apps, *tools]
    differences = [
        Difference.of(stray) for stray in vendored_files.unlisted_files(project.directory, files)
    ]
    with progress.step("verify", len(files)) as step:
        for file in files:
            if fault := vendored_files.file_difference(project.directory, file):
                differences.append(Difference.of(fault))
            step.advance(name=file.path.name)
    if not (project.ve / "bin/python").exists():
        return [*differences, _of_ve("", "is missing, or has no Python")]
    return [*differences, *_ve(project, apps)]


def _of_ve(path: str, fault: str) -> Difference:
    return Difference(where=f"ve/{path}", fault=fault)


def _ve(project: Project, apps: list[LockedFile]) -> Iterator[Difference]:
    manifest = Manifest.read(project.ve)
    if manifest is None:
        yield _of_ve("", "was not built by this version of bootstrap.py")
        return
    interpreter = inspect_interpreter(project.ve / "bin/python")
    actual = interpreter.environment["python_full_version"]
    if manifest.python != actual:
        yield _of_ve("", f"was built for Python {manifest.python}, bin/python is now {actual}")
    locked = {
        str(file.path): file.sha256
        for file in select_files(
            apps, interpreter, project=project.directory, wanted=project.wanted
        )
    }
    for path, sha256 in manifest.files.items():
        if path not in locked:
            yield _of_ve("", f"{path} is installed, but not in the lock")
        elif sha256 not in locked[path]:
            yield _of_ve("", f"{path} is installed from a file with another sha256")
    for path in locked.keys() - manifest.files.keys():
        yield _of_ve("", f"{path} is not installed")
    faulty: set[str] = set()
    for difference in _contents(project.ve, interpreter.site, manifest):
        faulty.add(difference.where)
        yield difference
    for difference in _modes(project, manifest):
        if difference.where not in faulty:
            yield difference


def _contents(ve: Path, site: str, manifest: Manifest) -> Iterator[Difference]:
    """Compare the files of the virtualenv with the RECORDs, and the RECORDs with the manifest."""
    records: dict[str, list[Row]] = {}
    for record, expected in manifest.records.items():
        try:
            changed = vendored_files.sha256_of(ve / record) != expected
            records[record] = installed_files.rows(ve, record)
        except FileNotFoundError:
            yield _of_ve(record, "missing")
            continue
        except (OSError, ValueError, IndexError) as error:
            yield _of_ve(record, f"can't be read: {getattr(error, 'strerror', None) or error}")
            continue
        if changed:
            yield _of_ve(record, "changed")
    owners = installed_files.owners(records)
    for record, rows in records.items():
        yield from _distribution(
            ve,
            record,
            [row for row in rows if owners[row[0]] == record],
            manifest.bytecode.get(record),
        )
    for extra in _extras(ve, site, owners.keys()):
        yield _of_ve(extra, "no file of the lock installs it")


def _distribution(
    ve: Path, record: str, own: list[Row], compiled: str | None
) -> Iterator[Difference]:
    faults = [_of_ve(path, fault) for path, _, digest in own if (fault := _file(ve / path, digest))]
    yield from faults
    if not faults and installed_files.bytecode_digest(ve, own) != compiled:
        yield _of_ve(os.path.dirname(record), "its bytecode has changed")


def _file(path: Path, recorded: str) -> str | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        return "missing" if isinstance(error, FileNotFoundError) else str(error.strerror)
    verifiable = is_verifiable(recorded)
    if not verifiable:
        return None
    algorithm, digest = verifiable
    return None if encode_digest(hashlib.new(algorithm, content).digest()) == digest else "changed"


def _extras(ve: Path, site: str, known: Collection[str]) -> Iterator[str]:
    """Yield files among packages and scripts that no RECORD names; ignore bytecode."""
    for top in (site, "bin"):
        for folder, folders, names in os.walk(ve / top):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), ve)
                if path not in known and not _is_of_virtualenv(path, site):
                    yield path


def _is_of_virtualenv(path: str, site: str) -> bool:
    folder, name = os.path.split(path)
    return (folder == site and name in _VIRTUALENV_MODULES) or (
        folder == "bin" and name.startswith(_VIRTUALENV_SCRIPTS)
    )


def _modes(project: Project, manifest: Manifest) -> Iterator[Difference]:
    """Yield files and directories that the site's user can't use, or that other users can write."""
    mask = modes.umask_for(project.directory)
    executable = {os.path.join(project.ve, path) for path in manifest.executable}
    for folder, _, names in os.walk(project.ve):
        found = {folder: modes.folder_fault(os.lstat(folder), mask)}
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                found[path] = modes.file_fault(os.lstat(path), executable=path in executable)
        for path, fault in found.items():
            if fault:
                yield _of_ve(os.path.relpath(path, project.ve).removeprefix("."), fault)
