"""Compare the vendored files on disk with the lock."""

import hashlib
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from queue import SimpleQueue
from threading import Thread

from bootstrapper.errors import WorkFailed
from bootstrapper.program import VENDOR
from bootstrapper.progress import Progress
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import SOURCE, LockedFile
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename

# The first line of a pointer (the specification of Git LFS, "Pointer").
LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def verify(project: Path, files: Sequence[LockedFile], *, jobs: int, progress: Progress) -> None:
    """Hash every vendored file, `jobs` at a time.

    Raise WorkFailed for the first difference: a file that is missing, whose hash is not in its
    line, or that no line names.
    """
    for stray in unlisted_files(project, files):
        raise stray
    with progress.step("verify", len(files)) as step:
        for file, fault in _compare_all(project, files, jobs):
            if fault:
                raise fault
            step.advance(name=file.path.name)


def file_differences(
    project: Path, files: Iterable[LockedFile], *, jobs: int
) -> dict[PurePosixPath, WorkFailed]:
    """Return what is wrong with each vendored file that differs, in the order of the files."""
    files = list(files)
    found: dict[PurePosixPath, WorkFailed] = {}
    for file, fault in _compare_all(project, files, jobs):
        if isinstance(fault, WorkFailed):
            found[file.path] = fault
        elif fault:
            raise fault
    return {file.path: found[file.path] for file in files if file.path in found}


def _compare_all(
    project: Path, files: Sequence[LockedFile], jobs: int
) -> Iterator[tuple[LockedFile, Exception | None]]:
    """Yield each file with what is wrong with it, hashing `jobs` files at a time."""
    # Largest first, so that no thread starts a large file at the end.
    waiting = deque(sorted(files, key=lambda file: -_size(project / file.path)))
    results: SimpleQueue[tuple[LockedFile, Exception | None]] = SimpleQueue()
    threads = [Thread(target=_compare, args=(project, waiting, results)) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    try:
        for _ in files:
            yield results.get()
    finally:
        waiting.clear()
        for thread in threads:
            thread.join()


def _compare(
    project: Path,
    waiting: deque[LockedFile],
    results: "SimpleQueue[tuple[LockedFile, Exception | None]]",
) -> None:
    """Compare files in a thread. concurrent.futures would take longer to import."""
    while True:
        try:
            file = waiting.popleft()
        except IndexError:
            return
        try:
            results.put((file, file_difference(project, file)))
        except Exception as error:
            results.put((file, error))


def file_difference(project: Path, file: LockedFile) -> WorkFailed | None:
    """Return what is wrong with one vendored file; None if nothing is."""
    path, name = project / file.path, quoted(str(file.path))
    restore = f"git checkout -- {name}  # or: {VENDOR}"
    try:
        # Opening a FIFO would block, and a device may never end.
        if not stat.S_ISREG(path.stat().st_mode):
            return WorkFailed(str(file.path), "is not a regular file", f"rm -r {name} && {restore}")
        digest = sha256_of(path)
    except FileNotFoundError:
        return WorkFailed(str(file.path), f"the file is missing; {file.place} names it", restore)
    except OSError as error:
        return WorkFailed(
            str(file.path),
            f"can't be read: {error.strerror}",
            f"chmod u+r {name}  # as its owner",
        )
    if digest in file.sha256:
        return None
    if is_pointer(path):
        return WorkFailed(
            str(file.path), "is a Git LFS pointer instead of the file", "git lfs pull"
        )
    return WorkFailed(
        str(file.path),
        f"the sha256 of its {_size(path)} bytes is {digest}, "
        f"{file.place} has {' or '.join(file.sha256)}",
        # The file may be the user's, so the command keeps it.
        f"git stash push -- {name}  # or: {VENDOR}",
    )


def is_pointer(path: Path) -> bool:
    """Return whether a file is a Git LFS pointer to a file that was not fetched."""
    with path.open("rb") as stream:
        return stream.read(len(LFS_POINTER)) == LFS_POINTER


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in lower-case hexadecimal. Raise OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unlisted_files(project: Path, files: Iterable[LockedFile]) -> Iterator[WorkFailed]:
    """Yield an error for each vendored file that no line of a lock names."""
    named = {file.path.name for file in files}
    try:
        found = sorted(os.listdir(project / SOURCE))
    except FileNotFoundError:
        return
    for name in found:
        if name in named:
            continue
        try:
            parse_filename(name)
        except InvalidFilename:
            continue  # not a vendored file: README, .gitkeep
        yield WorkFailed(
            str(SOURCE / name),
            "no line of apps.txt or tools.txt names this file",
            f"mv {quoted(str(SOURCE / name))} .  # or add it to apps.in, then: {VENDOR}",
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
