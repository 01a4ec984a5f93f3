"""The vendored virtualenv: it creates virtualenvs and finds interpreters."""

import io
import os
import re
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.program import VENDOR
from bootstrapper.ve.project.lockfile import TOOLS, LockedFile
from bootstrapper.ve.project.project import Project, requires_python
from bootstrapper.ve.python.interpreter import (
    Interpreter,
    another_python,
    current_interpreter,
    inspect_interpreter,
)
from bootstrapper.ve.python.required_python import allowed_pythons
from bootstrapper.ve.standards.version import Version, matches
from bootstrapper.ve.store.store import Store


class Virtualenv:
    """virtualenv, imported from its vendored wheel.

    `files` are those of tools.txt that the running Python can import.
    """

    def __init__(self, project: Path, files: Sequence[LockedFile], store: Store) -> None:
        self._store = store
        self.sha256 = {file.distribution.name: file.sha256[0] for file in files}
        self._paths = {file.distribution.name: project / file.path for file in files}

    def wheel(self, name: str) -> Path:
        """Return the wheel of a tool. Raise InputError if it is not vendored."""
        if name not in self._paths:
            raise InputError(str(TOOLS), f"{name} is missing", VENDOR)
        return self._paths[name]

    def discover(self, spec: str, allowed: Container[str] | None = None) -> Path:
        """Return the interpreter that virtualenv finds for `3.12`, `python3.12` or `>=3.11,<3.13`.

        Raise InputError if this machine has none; `allowed` are the versions that it suggests.
        """
        try:
            session = self._session(["--python", spec, str(self._store.home / "nowhere")])
            return Path(session.interpreter.system_executable or session.interpreter.executable)
        except (RuntimeError, SystemExit):
            raise InputError(
                f"Python {spec}",
                "virtualenv finds none on this machine",
                another_python(spec, allowed),
            ) from None

    def create(self, place: Path, interpreter: Interpreter, prompt: str) -> None:
        """Create an empty virtualenv at `place`, without pip. Raise WorkFailed."""
        try:
            with self._session(
                ["--python", str(interpreter.executable), "--prompt", prompt, str(place)]
            ) as session:
                session.run()
        except BootstrapperError:
            raise
        except (RuntimeError, SystemExit) as error:
            raise WorkFailed(
                str(interpreter.executable),
                f"virtualenv can't create a virtualenv for it: {error}",
                another_python(interpreter.executable),
            ) from None

    def _session(self, arguments: list[str]) -> Any:
        """Return a session of virtualenv, which is imported only now."""
        self.wheel("virtualenv")
        for path in map(os.fspath, self._paths.values()):
            if path not in sys.path:
                sys.path.insert(0, path)
        from virtualenv.run import session_via_cli

        # Its usage message would confuse: the user has not called it.
        with redirect_stderr(io.StringIO()):
            return session_via_cli(
                [
                    "--no-seed",
                    "--no-periodic-update",
                    "--no-vcs-ignore",
                    "--app-data",
                    str(self._store.root / "virtualenv"),
                    *arguments,
                ],
                setup_logging=False,
                env=_own_environment(),
            )


def _own_environment() -> Mapping[str, str]:
    """Return the environment without virtualenv's settings, which must not affect the project."""
    settings = {
        name: value for name, value in os.environ.items() if not name.startswith("VIRTUALENV_")
    }
    return {**settings, "VIRTUALENV_CONFIG_FILE": os.devnull}


def choose_interpreter(
    project: Project, virtualenv: Virtualenv, python: str | None, apps: Iterable[LockedFile] = ()
) -> Interpreter:
    """Return the interpreter named `python`, else one that the project asks for.

    Prefer the running interpreter if the project allows its version and the lock is for it; else
    let virtualenv find one. Raise InputError if there is none, or if it is too old or not allowed.
    """
    required = requires_python(project.directory)
    if python is None:
        found = current_interpreter()
        locked = _pythons(apps)
        if not _satisfies(found, required) or (locked and not locked & {_minor(found)}):
            found = _discover(virtualenv, required, locked, found)
    elif os.sep in python:
        found = inspect_interpreter(python)
    else:
        found = inspect_interpreter(virtualenv.discover(python, allowed_pythons(required)))
    if not _satisfies(found, required):
        raise InputError(
            str(found.executable),
            f'this is {found}, pyproject.toml has requires-python = "{required}"',
            another_python(found.executable, allowed_pythons(required)),
        )
    return found


def _discover(
    virtualenv: Virtualenv, required: str, locked: set[str], here: Interpreter
) -> Interpreter:
    """Find an allowed interpreter, preferably of a Python that the lock is for."""
    versions = allowed_pythons(required)
    for version in sorted(locked & versions.keys()):
        try:
            found = inspect_interpreter(virtualenv.discover(version))
        except InputError:
            continue
        if _satisfies(found, required):
            return found
    if _satisfies(here, required):
        return here
    # Older versions of virtualenv find "3.12", but no specifiers.
    spec = next(iter(versions)) if len(versions) == 1 else required.removeprefix("==")
    return inspect_interpreter(virtualenv.discover(spec, versions))


def _pythons(files: Iterable[LockedFile]) -> set[str]:
    """Return the Python versions of the lock's compiled wheels; empty if it has none."""
    return {
        version
        for file in files
        if file.marker
        for version in re.findall(r'python_version == "(\d+\.\d+)"', str(file.marker))
    }


def _minor(interpreter: Interpreter) -> str:
    return interpreter.environment["python_version"]


def _satisfies(interpreter: Interpreter, required: str) -> bool:
    return matches(Version(interpreter.environment["python_full_version"]), required)
