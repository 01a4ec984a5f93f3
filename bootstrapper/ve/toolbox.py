"""What a rebuild runs with: virtualenv and pip, from their vendored wheels."""

import io
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.ve.interpreter import Interpreter
from bootstrapper.ve.lockfile import TOOLS, LockedFile
from bootstrapper.ve.store import Store


class Toolbox:
    """The vendored tools of a project. `files` are tools.txt's, chosen for the running Python."""

    def __init__(self, project: Path, files: Sequence[LockedFile], store: Store) -> None:
        self._store = store
        self.sha256 = {file.distribution.name: file.sha256[0] for file in files}
        self._paths = {file.distribution.name: project / file.path for file in files}

    def wheel(self, name: str) -> Path:
        """The wheel of a tool. Raises InputError if there is none."""
        if name not in self._paths:
            raise InputError(str(TOOLS), f"{name} is not among the tools",
                             "make vendor")
        return self._paths[name]

    def discover(self, spec: str) -> Path:
        """The interpreter that virtualenv finds for `3.12`, `python3.12` or `>=3.11,<3.13`.

        Raises InputError if there is none on this machine.
        """
        try:
            session = self._session(["--python", spec, str(self._store.home / "nowhere")])
            return Path(session.interpreter.system_executable or session.interpreter.executable)
        except (RuntimeError, SystemExit):
            raise InputError(f"Python {spec}", "virtualenv finds none on this machine",
                             "install it, or name one: ./bootstrap.py --python PATH") from None

    def create(self, place: Path, interpreter: Interpreter, prompt: str) -> None:
        """Create an empty ve at `place`: no pip in it, nothing but Python. Raises WorkFailed."""
        try:
            with self._session(["--python", str(interpreter.executable), "--prompt", prompt,
                                str(place)]) as session:
                session.run()
        except BootstrapperError:
            raise
        except (RuntimeError, SystemExit) as error:
            raise WorkFailed(str(interpreter.executable), f"virtualenv made no ve of it: {error}",
                             "name another Python: ./bootstrap.py --python PATH") from None

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
                ["--no-seed", "--no-periodic-update", "--no-vcs-ignore",
                 "--app-data", str(self._store.root / "virtualenv"), *arguments],
                setup_logging=False, env=_own_environment())


def _own_environment() -> Mapping[str, str]:
    """Ours without virtualenv's settings: a person's defaults must not change a project's ve."""
    settings = {name: value for name, value in os.environ.items()
                if not name.startswith("VIRTUALENV_")}
    return {**settings, "VIRTUALENV_CONFIG_FILE": os.devnull}
