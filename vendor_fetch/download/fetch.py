"""Brings the files of a lock into requirements/src/: from the cache first, then the index."""

import os
import sys
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress, megabytes
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.project.vendored_files import sha256_of
from vendor_fetch.download.cache import Cache
from vendor_fetch.index.index import Index
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.resolver import Artifact, SearchScope, resolve

WITHOUT_OFFLINE = "run the same command once without VENDOR_FETCH_OFFLINE"


def is_offline(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `VENDOR_FETCH_OFFLINE` forbids the index."""
    return environ.get("VENDOR_FETCH_OFFLINE", "") not in ("", "0")


def fetch(
    files: Iterable[LockedFile],
    *,
    project: Path,
    platform: Target,
    cache: Cache,
    index: Index,
    progress: Progress,
    known: Mapping[str, Artifact] | None = None,
) -> int:
    """Every file is in place afterwards, with one of its hashes. Returns how many came in.

    `known` are artifacts by sha256, where somebody has located them already; the others are
    located by name and version when the cache doesn't have them. Raises WorkFailed.
    """
    missing = [file for file in files if not is_in_place(file, project)]
    for directory in {(project / file.path).parent for file in missing}:
        directory.mkdir(parents=True, exist_ok=True)
    left = [file for file in missing if not _deliver(file, project, cache)]
    if left:
        if is_offline():
            names = sorted({file.path.name for file in left})
            others = f" and {len(names) - 1} others" if len(names) > 1 else ""
            raise WorkFailed(
                str(cache.root),
                f"lacks {names[0]}{others}, and VENDOR_FETCH_OFFLINE forbids the index",
                WITHOUT_OFFLINE,
            )
        try:
            # Not at the top: a project's ve has no requests, and `check` works all the same.
            from vendor_fetch.download.download import download
        except ImportError as error:
            raise WorkFailed(
                str(error.name),
                "is not installed, and it is what downloads",
                f"{sys.executable} -m pip install requests uv",
            ) from None
        found = _locate(left, known or {}, project=project, platform=platform, index=index)
        download(found.values(), cache, index, progress)
        for file in left:
            if not _deliver(file, project, cache):
                raise WorkFailed(
                    str(cache.entry(file.sha256[0])),
                    "changed between writing and reading",
                    "look at the disk, then run the same command again",
                )
    if missing:
        size = sum((project / file.path).stat().st_size for file in missing)
        with progress.step("vendored", size, megabytes) as step:
            step.advance(size)
    return len(missing)


def is_in_place(file: LockedFile, project: Path) -> bool:
    """Whether a locked file is there with one of its hashes."""
    path = project / file.path
    return path.is_file() and not path.is_symlink() and sha256_of(path) in file.sha256


def _deliver(file: LockedFile, project: Path, cache: Cache) -> bool:
    return any(cache.deliver(sha256, project / file.path) for sha256 in file.sha256)


def _locate(
    files: list[LockedFile],
    known: Mapping[str, Artifact],
    *,
    project: Path,
    platform: Target,
    index: Index,
) -> dict[str, Artifact]:
    """Artifacts by sha256. uv is asked for the exact versions, without dependencies."""
    found = {sha256: known[sha256] for file in files for sha256 in file.sha256 if sha256 in known}
    # uv takes all files of a version from the first index that has it, and that may be an extra
    # one which has some of them only. pip would put them together.
    sources = [index, index.without_extras()] if index.has_extras else [index]
    # Of what fits here it tells the best; a locked file may have a better one beside it by now.
    for each, everywhere in product(sources, (False, True)):
        unknown = [file for file in files if not found.keys() & set(file.sha256)]
        while unknown:
            # A package may be in two versions, one for the application and one for the tools.
            batch = {file.distribution.name: file for file in unknown}
            pins = [f"{name}=={file.distribution.version}" for name, file in batch.items()]
            try:
                packages = resolve(
                    pins,
                    project=project,
                    platform=platform,
                    source=SearchScope(index=each),
                    dependencies=False,
                    everywhere=everywhere,
                )
            except WorkFailed:
                if each is sources[-1]:
                    raise
                break
            found |= {
                artifact.sha256: artifact for package in packages for artifact in package.artifacts
            }
            unknown = [file for file in unknown if file not in batch.values()]
    wanted = {}
    for file in files:
        sha256 = next((digest for digest in file.sha256 if digest in found), None)
        if not sha256:
            raise WorkFailed(
                file.path.name,
                f"the index has no such file with sha256 {file.sha256[0]}",
                "use an index that has it, or copy the file from another project's "
                f"{file.path.parent}/",
            )
        wanted[sha256] = found[sha256]
    return wanted
