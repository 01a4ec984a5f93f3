"""Is the ve what the lock says, and are the vendored files? Every difference, in words."""

import base64
import csv
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from bootstrapper.progress import Progress
from bootstrapper.ve import bytecode, lockfile, vendored
from bootstrapper.ve.interpreter import describe
from bootstrapper.ve.lockfile import APPS, TOOLS, LockedFile
from bootstrapper.ve.manifest import Manifest
from bootstrapper.ve.project import Project
from bootstrapper.ve.selection import select

# What virtualenv puts beside the packages and scripts.
_VIRTUALENVS_MODULES = ("_virtualenv.py", "_virtualenv.pth")
_VIRTUALENVS_SCRIPTS = ("activate", "deactivate", "python")


def check(project: Project, *, jobs: int, progress: Progress) -> list[str]:
    """Every difference, a line each; none if all is well.

    Raises BootstrapperError where a lock can't be read, or has nothing for the ve's Python.
    """
    apps = lockfile.read(project.directory, APPS)
    tools = lockfile.read(project.directory, TOOLS)
    files = [*apps, *tools]
    differences = [f"{stray.where}: {stray.fault}"
                   for stray in vendored.strays(project.directory, files)]
    with progress.step("verify", len(files)) as step:
        for file in files:
            if fault := vendored.difference(project.directory, file):
                differences.append(f"{fault.where}: {fault.fault}")
            step.advance(name=file.path.name)
    if not (project.ve / "bin/python").exists():
        return [*differences, "ve/: there is none, or no Python in it"]
    return [*differences, *_ve(project, apps)]


def _ve(project: Project, apps: list[LockedFile]) -> Iterator[str]:
    manifest = Manifest.read(project.ve)
    if manifest is None:
        yield "ve/: it was not built by bootstrap.py, or not by this version"
        return
    interpreter = describe(project.ve / "bin/python")
    actual = interpreter.environment["python_full_version"]
    if manifest.python != actual:
        yield f"ve/: built of Python {manifest.python}, bin/python is now {actual}"
    locked = {str(file.path): file.sha256 for file in
              select(apps, interpreter, project=project.directory, wanted=project.wanted)}
    for path, sha256 in manifest.files.items():
        if path not in locked:
            yield f"ve/: {path} is installed, the lock does not have it"
        elif sha256 not in locked[path]:
            yield f"ve/: {path} is installed from a file of other bytes"
    for path in locked.keys() - manifest.files.keys():
        yield f"ve/: {path} is not installed"
    yield from _contents(project.ve, interpreter.site, manifest)


def _contents(ve: Path, site: str, manifest: Manifest) -> Iterator[str]:
    """The files of the ve against the RECORDs, and the RECORDs against the manifest."""
    known: set[str] = set()
    for record, expected in manifest.records.items():
        path = ve / record
        if not path.is_file():
            yield f"ve/{record}: missing"
            continue
        if vendored.sha256_of(path) != expected:
            yield f"ve/{record}: changed"
        compiled: dict[str, bytes] = {}
        differs = False
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream):
                name = os.path.normpath(os.path.join(site, row[0]))
                known.add(name)
                if fault := _file(ve / name, row[1]):
                    differs = True
                    yield f"ve/{name}: {fault}"
                elif row[0].endswith(".pyc") and not row[1] and not row[0].startswith(".."):
                    compiled[row[0]] = bytecode.fingerprint((ve / name).read_bytes())
        if not differs and bytecode.digest(compiled) != manifest.bytecode.get(record):
            yield f"ve/{os.path.dirname(record)}: its bytecode is not what was installed"
    for extra in _extras(ve, site, known):
        yield f"ve/{extra}: nothing in the lock brings it"


def _file(path: Path, recorded: str) -> str | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        return "missing" if isinstance(error, FileNotFoundError) else str(error.strerror)
    algorithm, equals, value = recorded.partition("=")
    if not equals or algorithm not in hashlib.algorithms_guaranteed:
        return None
    actual = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest())
    return None if actual.decode().rstrip("=") == value else "changed"


def _extras(ve: Path, site: str, known: set[str]) -> Iterator[str]:
    """Files among the packages and scripts that no RECORD names; bytecode does not count."""
    for folder, folders, names in os.walk(ve / site):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), ve)
            if path not in known and name not in _VIRTUALENVS_MODULES:
                yield path
    for name in sorted(os.listdir(ve / "bin")):
        if f"bin/{name}" not in known and not name.startswith(_VIRTUALENVS_SCRIPTS) \
                and name != "__pycache__":
            yield f"bin/{name}"
