"""Build the tarball (sdist) of a source tree, the same bytes on every machine."""

import gzip
import tarfile
from functools import partial
from pathlib import Path

from bootstrapper.ve.project.vendored_files import LFS_POINTER
from bootstrapper.ve.wheel.tarball import build_system_in
from vendor_fetch.missing_tool import missing_hooks
from vendor_fetch.project.project import VendorProject
from vendor_fetch.resolve.uv_failure import build_error
from vendor_fetch.resolve.uv_run import SearchScope

# 1980-01-01, before which zip files cannot be, for trees without a time of their own
EARLIEST = 315532800
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_LARGEST_POINTER = 1024


def build_sdist(
    source: Path,
    *,
    place: str,
    project: VendorProject,
    scope: SearchScope,
    scratch: Path,
    time: int = EARLIEST,
) -> Path:
    """Return the tarball of a source tree, in the directory `scratch`.

    Its build backend makes it (PEP 517, `build_sdist`). Its files get the `time`, in seconds since
    1970, and no owner. Raise WorkFailed, with `place` in the message, if the backend fails.
    """
    try:
        # Imported late: `check` must work in a project's ve, which has no pyproject_hooks.
        from vendor_fetch.backend.environment import BackendEnvironment, HookFailed
        from vendor_fetch.backend.virtualenvs import Virtualenvs
    except ImportError as error:
        raise missing_hooks(error) from None
    pyproject = source / "pyproject.toml"
    content = pyproject.read_bytes() if pyproject.is_file() else None
    system = build_system_in(content, place)
    environment = BackendEnvironment(
        source=source,
        system=system,
        scratch=scratch,
        virtualenvs=Virtualenvs(scratch / "ve", project.directory, scope, project.build_requires),
        build_requires=project.build_requires,
        variables={"SOURCE_DATE_EPOCH": str(time)},
    )

    def build(wanted: list[str]) -> Path:
        environment.install(wanted)
        if asked := environment.requires("sdist"):
            environment.install([*wanted, *asked])
        return environment.build_sdist()

    try:
        built = environment.retried(list(system.requires), partial(build))
    except HookFailed as error:
        raise build_error(place, str(error), project.build_requires, lambda _: place) from None
    repacked = scratch / built.name
    _repack(built, repacked, time)
    return repacked


def lfs_pointer(tarball: Path) -> str:
    """Return the first file of a tarball that is a pointer of Git LFS; empty for none."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            if (
                member.size < _LARGEST_POINTER
                and member.isfile()
                and (content := archive.extractfile(member))
                and content.read().startswith(LFS_POINTER)
            ):
                return member.name.partition("/")[2]
    return ""


def _repack(tarball: Path, copy: Path, time: int) -> None:
    """Copy a tarball with its members sorted, and with one time, one owner and plain modes."""
    with (
        tarfile.open(tarball) as old,
        copy.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda each: each.name):
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mtime = time
            member.pax_headers = {}
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
