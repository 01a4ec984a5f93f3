"""Bring the files of a lock into requirements/src/: from the cache first, then from the index."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress, megabytes
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.file_cache import once_for_a_file
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.project.vendored_files import sha256_of
from vendor_fetch.download.cache import Cache
from vendor_fetch.index.index import Index
from vendor_fetch.index.page_cache import PageCache
from vendor_fetch.missing_tool import MissingTool
from vendor_fetch.program import install_command, online_command, retry_command
from vendor_fetch.project.locks import files_for_target
from vendor_fetch.project.project import VendorProject
from vendor_fetch.resolve.resolver import Artifact, resolve
from vendor_fetch.resolve.uv_run import SearchScope

_COPYING = 4


def is_offline(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether `VENDOR_FETCH_OFFLINE` forbids the index."""
    return environ.get("VENDOR_FETCH_OFFLINE", "") not in ("", "0")


def fetch(
    files: Iterable[LockedFile],
    *,
    project: VendorProject,
    cache: Cache,
    index: Index,
    progress: Progress,
    pages: PageCache | None = None,
    known: Mapping[str, Artifact] | None = None,
    done: str = "vendored",
) -> int:
    """Bring every locked file into place, verified. Return the number of files that were missing.

    `known` are artifacts by sha256 that the caller has resolved; others are looked up in the index
    by name and version if the cache lacks them. `done` is the word for what has happened to the files.
    Raise WorkFailed.
    """
    missing = [file for file in files if not is_in_place(file, project.vendored)]
    for directory in {(project.vendored / file.path).parent for file in missing}:
        directory.mkdir(parents=True, exist_ok=True)
    uncached = _copy_all(missing, project.vendored, cache)
    if uncached:
        if is_offline():
            raise _offline_error(uncached, cache)
        artifacts = _find_artifacts(
            uncached, known or {}, project=project, index=index, pages=pages
        )
        copies = {
            sha256: project.vendored / file.path
            for file in uncached
            for sha256 in file.sha256
            if sha256 in artifacts
        }

        def copy(artifact: Artifact) -> None:
            if path := copies.get(artifact.sha256):
                entry = cache.entry(artifact.sha256)
                _require_cached(cache.copy_to(path, artifact.sha256), entry)

        _download(artifacts.values(), cache, index, progress, copy)
        copied = set(copies.values())
        others = [file for file in uncached if project.vendored / file.path not in copied]
        for file in _copy_all(others, project.vendored, cache):
            _require_cached(False, cache.entry(file.sha256[0]))
    if missing:
        size = sum((project.vendored / file.path).stat().st_size for file in missing)
        with progress.step(done, size, megabytes) as step:
            step.advance(size)
    return len(missing)


def is_in_place(file: LockedFile, project: Path) -> bool:
    """Return whether a locked file is there with one of its hashes."""
    path = project / file.path
    return path.is_file() and not path.is_symlink() and _sha256(path) in file.sha256


# A command looks at the files several times before its last check, which reads them again.
_sha256 = once_for_a_file(sha256_of)


def _copy_all(files: Sequence[LockedFile], project: Path, cache: Cache) -> list[LockedFile]:
    """Copy files from the cache, several at a time. Return those that it lacks."""
    # Most of the time goes into hashing and into waiting for the disk, without Python's lock.
    with ThreadPoolExecutor(_COPYING) as pool:
        found = pool.map(lambda file: _copy_from_cache(file, project, cache), files)
        return [file for file, copied in zip(files, found, strict=True) if not copied]


def _copy_from_cache(file: LockedFile, project: Path, cache: Cache) -> bool:
    return any(cache.copy_to(project / file.path, sha256) for sha256 in file.sha256)


def _offline_error(files: Iterable[LockedFile], cache: Cache) -> WorkFailed:
    names = sorted({file.path.name for file in files})
    others = f" and {len(names) - 1} others" if len(names) > 1 else ""
    return WorkFailed(
        str(cache.root),
        f"lacks {names[0]}{others}, and VENDOR_FETCH_OFFLINE forbids the index",
        online_command(),
    )


def download_into(
    path: Path, artifact: Artifact, cache: Cache, index: Index, progress: Progress
) -> None:
    """Download a file to a path. Raise WorkFailed."""
    digests = _download([artifact], cache, index, progress, lambda _: None)
    _require_cached(cache.copy_to(path, digests[artifact.url]), cache.root)


def _require_cached(copied: bool, entry: Path) -> None:
    if not copied:
        raise WorkFailed(
            str(entry),
            "changed between writing and reading",
            f"dmesg | tail  # check the disk, then: {retry_command()}",
        )


def _download(
    artifacts: Iterable[Artifact],
    cache: Cache,
    index: Index,
    progress: Progress,
    received: Callable[[Artifact], None],
) -> dict[str, str]:
    try:
        # Imported late: `check` must work in a project's ve, which has no requests.
        from vendor_fetch.download.download import download
    except ImportError as error:
        raise MissingTool(
            str(error.name),
            "is not installed; it downloads the files",
            install_command("requests", "uv"),
        ) from None
    return download(artifacts, cache, index, progress, received)


def _find_artifacts(
    files: list[LockedFile],
    known: Mapping[str, Artifact],
    *,
    project: VendorProject,
    index: Index,
    pages: PageCache | None,
) -> dict[str, Artifact]:
    """Return the artifacts of the files by sha256: known ones, or those that uv finds.

    uv resolves the exact versions without dependencies. Raise WorkFailed if the index lacks a file.
    """
    found = {sha256: known[sha256] for file in files for sha256 in file.sha256 if sha256 in known}
    # uv takes all files of a version from the first index that has the version. That may be an
    # extra index with some of the files only; pip would combine them.
    indexes = [index, index.without_extras()] if index.has_extras else [index]
    # For one platform, uv lists the best wheel only. The index may have a better one than the
    # locked one by now; for all platforms, uv lists every wheel.
    for all_platforms, searched, target in product((False, True), indexes, project.targets):
        unknown = [
            file for file in files_for_target(files, target) if not found.keys() & set(file.sha256)
        ]
        # The application and the tools may need different versions of a package.
        while unknown:
            batch = {file.distribution.name: file for file in unknown}
            pins = [f"{name}=={file.distribution.version}" for name, file in batch.items()]
            try:
                packages = resolve(
                    pins,
                    project=project.directory,
                    target=target,
                    scope=SearchScope(index=searched, pages=pages),
                    dependencies=False,
                    all_platforms=all_platforms,
                )
            except WorkFailed:
                if searched is indexes[-1]:
                    raise
                break
            found |= {
                artifact.sha256: artifact for package in packages for artifact in package.artifacts
            }
            unknown = [file for file in unknown if file not in batch.values()]
    artifacts = {}
    for file in files:
        sha256 = next((digest for digest in file.sha256 if digest in found), None)
        if not sha256:
            raise WorkFailed(
                file.path.name,
                f"the index has no such file with sha256 {file.sha256[0]}",
                f"{retry_command()}  # with an index that has it in the settings of pip or uv, or "
                f"with the file in {quoted(f'{file.path.parent}/')}, copied from another project",
            )
        artifacts[sha256] = found[sha256]
    return artifacts
