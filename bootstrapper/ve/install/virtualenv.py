"""What a rebuild runs with: virtualenv and pip, from their vendored wheels."""

import io
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.ve.project.lockfile import TOOLS, LockedFile
from bootstrapper.ve.project.project import Project, requires_python
from bootstrapper.ve.python.interpreter import Interpreter, current_interpreter, inspect_interpreter
from bootstrapper.ve.python.required_python import allowed_pythons
from bootstrapper.ve.standards.version import Version, matches
from bootstrapper.ve.store.store import Store


class Virtualenv:
    """The vendored tools of a project. `files` are tools.txt's, chosen for the running Python."""

    def __init__(self, project: Path, files: Sequence[LockedFile], store: Store) -> None:
        self._store = store
        self.sha256 = {file.distribution.name: file.sha256[0] for file in files}
        self._paths = {file.distribution.name: project / file.path for file in files}

    def wheel(self, name: str) -> Path:
        """The wheel of a tool. Raises InputError if there is none."""
        if name not in self._paths:
            raise InputError(str(TOOLS), f"{name} is not among the tools", "make vendor")
        return self._paths[name]

    def discover(self, spec: str) -> Path:
        """The interpreter that virtualenv finds for `3.12`, `python3.12` or `>=3.11,<3.13`.

        Raises InputError if there is none on this machine.
        """
        try:
            session = self._session(["--python", spec, str(self._store.home / "nowhere")])
            return Path(session.interpreter.system_executable or session.interpreter.executable)
        except (RuntimeError, SystemExit):
            raise InputError(
                f"Python {spec}",
                "virtualenv finds none on this machine",
                "install it, or name one: ./bootstrap.py --python PATH",
            ) from None

    def create(self, place: Path, interpreter: Interpreter, prompt: str) -> None:
        """Create an empty ve at `place`: no pip in it, nothing but Python. Raises WorkFailed."""
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
                f"virtualenv made no ve of it: {error}",
                "name another Python: ./bootstrap.py --python PATH",
            ) from None

    def _session(self, arguments: list[str]) -> Any:
        """A session of virtualenv, which is imported from its wheel now and not before."""
        self.wheel("virtualenv")
        for path in map(os.fspath, self._paths.values()):
            if path not in sys.path:
                sys.path.insert(0, path)
        from virtualenv.run import session_via_cli

        # Its usage and its notes are not about what the user has typed.
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
    """Ours without virtualenv's settings: a person's defaults must not change a project's ve."""
    settings = {
        name: value for name, value in os.environ.items() if not name.startswith("VIRTUALENV_")
    }
    return {**settings, "VIRTUALENV_CONFIG_FILE": os.devnull}


def choose_interpreter(
    project: Project, toolbox: Virtualenv, python: str | None, apps: Iterable[LockedFile] = ()
) -> Interpreter:
    """The interpreter of the ve: what `python` names, else what the project asks for.

    The running one serves if it is of a version that is allowed and that the lock is for;
    otherwise virtualenv looks for one.
    Raises InputError: there is none, it is too old, or not what the project asks for.
    """
    required = requires_python(project.directory)
    if python is None:
        found = current_interpreter()
        locked = _pythons(apps)
        if not _satisfies(found, required) or (locked and not locked & {_minor(found)}):
            found = _discover(toolbox, required, locked, found)
    elif os.sep in python:
        found = inspect_interpreter(python)
    else:
        found = inspect_interpreter(toolbox.discover(python))
    if not _satisfies(found, required):
        raise InputError(
            str(found.executable),
            f'this is {found}, pyproject.toml has requires-python = "{required}"',
            "name another Python: ./bootstrap.py --python PYTHON, or change "
            "requires-python and vendor for it: make vendor",
        )
    return found


def _discover(
    toolbox: Virtualenv, required: str, locked: set[str], here: Interpreter
) -> Interpreter:
    """An interpreter that is allowed, of the Python that the lock is for where there is one."""
    versions = allowed_pythons(required)
    for version in sorted(locked & versions.keys()):
        try:
            found = inspect_interpreter(toolbox.discover(version))
        except InputError:
            continue
        if _satisfies(found, required):
            return found
    if _satisfies(here, required):
        return here
    # Older virtualenvs know 3.12, but no specifiers.
    spec = next(iter(versions)) if len(versions) == 1 else required.removeprefix("==")
    return inspect_interpreter(toolbox.discover(spec))


def _pythons(files: Iterable[LockedFile]) -> set[str]:
    """The Pythons that compiled wheels of the lock are for; empty if it has none."""
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
