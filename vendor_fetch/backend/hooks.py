"""Ask a tarball's build backend what the tarball needs."""

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.filename import parse_filename
from bootstrapper.ve.wheel.tarball import build_system, unpack
from vendor_fetch.backend.environment import BackendEnvironment, HookFailed
from vendor_fetch.backend.virtualenvs import Virtualenvs
from vendor_fetch.graph.metadata import requires_dist
from vendor_fetch.project.locks import TarballRecord
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.resolve.uv_failure import build_error
from vendor_fetch.resolve.uv_run import without_package


def ask(
    tarball: Path,
    *,
    declared: Sequence[str],
    with_dependencies: bool,
    project: VendorProject,
    virtualenvs: Virtualenvs,
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
        environment = BackendEnvironment(
            source=source,
            system=build_system(tarball, place),
            scratch=scratch,
            virtualenvs=virtualenvs,
            build_requires=without_package(
                project.build_requires, parse_filename(tarball.name).name
            ),
        )
        try:
            return environment.retried(
                declared, partial(_answers, environment, with_dependencies=with_dependencies)
            )
        except HookFailed as error:
            output = str(error)
    if with_dependencies:
        raise build_error(tarball.name, output, project.build_requires, lambda _: str(APPS_IN))
    last = output.strip().rpartition("\n")[2]
    warn(
        f"warning: {tarball.name}: its build backend fails here ({last}), so its build "
        "requirements are those that it declares"
    )
    return TarballRecord(build_requires=tuple(declared))


def _answers(
    environment: BackendEnvironment, wanted: Sequence[str], *, with_dependencies: bool
) -> TarballRecord:
    """Return the backend's answers in an environment with the wanted packages. Raise HookFailed."""
    environment.install(wanted)
    asked = environment.requires("wheel")
    build_requires = (*wanted, *(each for each in asked if each not in wanted))
    if not with_dependencies:
        return TarballRecord(build_requires=build_requires)
    if asked:
        environment.install(build_requires)
    requires = tuple(requires_dist(environment.metadata()))
    return TarballRecord(build_requires=build_requires, requires=requires)
