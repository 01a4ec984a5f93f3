"""Call the hooks of one tarball's build backend, in an environment with its build requirements."""

import os
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyproject_hooks

from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.filename import parse_filename
from bootstrapper.ve.wheel import undeclared
from bootstrapper.ve.wheel.tarball import BuildSystem, build_system, unpack, with_project
from vendor_fetch.backend.environments import Environments, InstallFailed
from vendor_fetch.graph.metadata import requires_dist
from vendor_fetch.project.locks import TarballRecord
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.resolve.uv_failure import build_error
from vendor_fetch.resolve.uv_run import without_package

# A backend that misses a package is called again with the package, so many times.
_MOST_MISSED = 8
# What a backend may read of the user's environment: it runs code of other people.
_PERMITTED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "CC", "CXX", "CFLAGS", "LDFLAGS")


class _HookFailed(Exception):
    """A hook ended with an error; the text is what it has printed."""


def ask(
    tarball: Path,
    *,
    declared: Sequence[str],
    with_dependencies: bool,
    project: VendorProject,
    environments: Environments,
    warn: Callable[[str], None],
) -> TarballRecord:
    """Return what the build backend of a tarball answers.

    `declared` are its known build requirements. `with_dependencies` asks for the dependencies, too
    (`prepare_metadata_for_build_wheel`). Raise WorkFailed if they are asked for and the backend
    fails. If only `get_requires_for_build_wheel` fails, `warn` is called: a server may have what
    is missing here.
    """
    place = str(SOURCE / tarball.name)
    with tempfile.TemporaryDirectory(prefix="vendor-fetch-") as name:
        scratch = Path(name)
        (scratch / "source").mkdir()
        source = unpack(tarball, scratch / "source", place)
        call = _Call(
            source=source,
            system=build_system(tarball, place),
            scratch=scratch,
            environments=environments,
            build_requires=without_package(
                project.build_requires, parse_filename(tarball.name).name
            ),
            with_dependencies=with_dependencies,
        )
        wanted = list(declared)
        for _ in range(_MOST_MISSED):
            try:
                return call.run(wanted)
            except _HookFailed as error:
                missed = undeclared.requirement(str(error))
                if not missed or missed in wanted:
                    output = str(error)
                    break
                wanted.append(missed)
    if with_dependencies:
        raise build_error(tarball.name, output, project.build_requires, lambda _: str(APPS_IN))
    last = output.strip().rpartition("\n")[2]
    warn(
        f"warning: {tarball.name}: its build backend fails here ({last}), so its build "
        "requirements are those that it declares"
    )
    return TarballRecord(build_requires=tuple(declared))


@dataclass(frozen=True, kw_only=True)
class _Call:
    """The calls of a backend, for an unpacked tarball. `build_requires` are the project's own."""

    source: Path
    system: BuildSystem
    scratch: Path
    environments: Environments
    build_requires: Sequence[str]
    with_dependencies: bool

    def run(self, wanted: Sequence[str]) -> TarballRecord:
        """Return the backend's answers in an environment with the wanted packages.

        Raise _HookFailed.
        """
        python = self._python(wanted)
        hooks = pyproject_hooks.BuildBackendHookCaller(
            str(self.source),
            self.system.backend,
            self.system.path or None,
            runner=_run_hook,
            python_executable=python,
        )
        # The warnings of a backend are for the authors of the tarball.
        warnings.simplefilter("ignore", pyproject_hooks.BuildBackendWarning)
        try:
            asked = [each.strip() for each in hooks.get_requires_for_build_wheel()]
            build_requires = (*wanted, *(each for each in asked if each not in wanted))
            if not self.with_dependencies:
                return TarballRecord(build_requires=build_requires)
            if asked:
                hooks.python_executable = self._python(build_requires)
            metadata = self.scratch / "metadata"
            metadata.mkdir(exist_ok=True)
            info = hooks.prepare_metadata_for_build_wheel(str(metadata))
            text = (metadata / info / "METADATA").read_bytes()
        except pyproject_hooks.BackendUnavailable as error:
            raise _HookFailed(error.traceback) from None
        except (pyproject_hooks.BackendInvalid, pyproject_hooks.HookMissing, OSError) as error:
            raise _HookFailed(str(error)) from None
        requires = tuple(" ".join(each.split()) for each in requires_dist(text))
        return TarballRecord(build_requires=build_requires, requires=requires)

    def _python(self, wanted: Sequence[str]) -> str:
        """Return the interpreter of an environment with the wanted packages."""
        try:
            return self.environments.python(with_project(tuple(wanted), self.build_requires))
        except InstallFailed as error:
            raise _HookFailed(str(error)) from None


def _run_hook(
    cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
) -> None:
    """Run a hook. Raise _HookFailed with its output."""
    environment = {name: os.environ[name] for name in _PERMITTED if name in os.environ}
    run = subprocess.run(
        cmd,
        cwd=cwd,
        env={**environment, **(extra_environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if run.returncode:
        raise _HookFailed(run.stdout)
