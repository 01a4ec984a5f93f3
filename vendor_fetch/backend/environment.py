"""Call the hooks of a build backend (PEP 517), in an environment with its requirements."""

import os
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pyproject_hooks

from bootstrapper.ve.wheel import undeclared
from bootstrapper.ve.wheel.tarball import BuildSystem, with_project
from vendor_fetch.backend.virtualenvs import InstallFailed, Virtualenvs
from vendor_fetch.graph.metadata import requirement_text

# A backend that misses a package is called again with the package, so many times.
_MOST_MISSED = 8
# What a backend may read of the user's environment: it runs code of other people.
_PERMITTED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"),
    *("CC", "CXX", "CFLAGS", "LDFLAGS"),
)
_Answer = TypeVar("_Answer")


class HookFailed(Exception):
    """A hook ended with an error; the text is what it has printed."""


@dataclass(kw_only=True)
class BackendEnvironment:
    """The build backend of a source tree. Its hooks write into the directory `scratch`.

    `build_requires` are the project's own. Methods raise HookFailed.
    """

    source: Path
    system: BuildSystem
    scratch: Path
    virtualenvs: Virtualenvs
    build_requires: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    _python: str = field(default="", init=False)

    def retried(self, wanted: Sequence[str], call: Callable[[Sequence[str]], _Answer]) -> _Answer:
        """Return the answer of a call with the wanted packages, and those that a call has missed."""
        wanted = list(wanted)
        for _ in range(_MOST_MISSED):
            try:
                return call(wanted)
            except HookFailed as error:
                missed = undeclared.requirement(str(error))
                if not missed or missed in wanted:
                    raise
                wanted.append(missed)
        return call(wanted)

    def install(self, wanted: Sequence[str]) -> None:
        """Call the hooks from now on in a virtualenv with these packages."""
        packages = with_project(tuple(wanted), self.build_requires)
        try:
            self._python = self.virtualenvs.python(packages)
        except InstallFailed as error:
            raise HookFailed(str(error)) from None

    def requires(self, kind: str) -> list[str]:
        """Return what the backend asks for to build a "wheel" or an "sdist"."""
        with self._hooks() as hooks:
            asked = getattr(hooks, f"get_requires_for_build_{kind}")()
        return [requirement_text(each) for each in asked]

    def metadata(self) -> bytes:
        """Return the core metadata of the wheel that the backend would build."""
        directory = self.scratch / "metadata"
        directory.mkdir(exist_ok=True)
        with self._hooks() as hooks:
            info = hooks.prepare_metadata_for_build_wheel(str(directory))
            return (directory / info / "METADATA").read_bytes()

    def build_sdist(self) -> Path:
        """Return the tarball that the backend builds."""
        directory = self.scratch / "sdist"
        directory.mkdir(exist_ok=True)
        with self._hooks() as hooks:
            return directory / hooks.build_sdist(str(directory))

    @contextmanager
    def _hooks(self) -> Iterator[pyproject_hooks.BuildBackendHookCaller]:
        # The warnings of a backend are for the authors of the source.
        warnings.simplefilter("ignore", pyproject_hooks.BuildBackendWarning)
        try:
            yield pyproject_hooks.BuildBackendHookCaller(
                str(self.source),
                self.system.backend,
                self.system.path or None,
                runner=self._run,
                python_executable=self._python,
            )
        except pyproject_hooks.BackendUnavailable as error:
            raise HookFailed(error.traceback) from None
        except (pyproject_hooks.BackendInvalid, pyproject_hooks.HookMissing, OSError) as error:
            raise HookFailed(str(error)) from None

    def _run(
        self,
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        permitted = {name: os.environ[name] for name in _PERMITTED if name in os.environ}
        # Backends call programs of their requirements by name, such as meson and cmake.
        programs = os.path.dirname(self._python)
        permitted["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        run = subprocess.run(
            cmd,
            cwd=cwd,
            env={**permitted, **self.variables, **(extra_environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if run.returncode:
            raise HookFailed(run.stdout)
