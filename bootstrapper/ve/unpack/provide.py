"""Find the store's entry for each vendored file; unpack the wheels that have none."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.project.project import largest_wheel
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.store.built_wheels import BuiltWheel
from bootstrapper.ve.store.context import Context
from bootstrapper.ve.store.entry import Entry, NamedEntry


def provide_entries(
    context: Context,
    files: Sequence[LockedFile],
    built: Mapping[PurePosixPath, BuiltWheel],
    *,
    verify_files: bool = True,
) -> list[NamedEntry]:
    """Return an entry for each file, in the lock's order. Raise WorkFailed or OSError.

    `built` has the wheels of the tarballs. Without `verify_files`, the files of an entry are checked
    when they are linked, and not before.
    """
    entries: dict[PurePosixPath, Entry] = {}
    missing: dict[PurePosixPath, tuple[Path, str]] = {}
    for file in files:
        wheel, sha256 = _wheel(file, built, context.project.directory)
        entry = context.store.entry(context.interpreter.bytecode, sha256, verify_files=verify_files)
        if entry:
            entries[file.path] = entry
        else:
            missing[file.path] = (wheel, sha256)
    if missing:
        entries |= _unpack(context, missing)
    return [NamedEntry(entry=entries[file.path], name=str(file.path)) for file in files]


def _wheel(
    file: LockedFile, built: Mapping[PurePosixPath, BuiltWheel], project: Path
) -> tuple[Path, str]:
    """Return the wheel of a file, and its sha256."""
    if file.path in built:
        return built[file.path].path, built[file.path].sha256
    path = project / file.path
    # The file has been verified, but any hash of its line may be the matching one.
    return path, file.sha256[0] if len(file.sha256) == 1 else sha256_of(path)


def _unpack(
    context: Context, missing: dict[PurePosixPath, tuple[Path, str]]
) -> dict[PurePosixPath, Entry]:
    """Unpack wheels into the store. Those that were unpacked stay, even if a later one fails."""
    from bootstrapper.ve.unpack import pool, worker  # not needed with a full store

    store, interpreter = context.store, context.interpreter
    largest = largest_wheel(context.project.directory)
    with store.unfinished() as directory, context.progress.step("unpack", len(missing)) as step:
        tasks = [
            worker.UnpackTask(
                wheel=os.fspath(wheel),
                name=str(path),
                place=os.fspath(directory / sha256),
                site=interpreter.site,
                version=interpreter.version,
                largest=largest,
            )
            for path, (wheel, sha256) in missing.items()
        ]

        def done(task: worker.UnpackTask) -> None:
            unpacked = Path(task.place)
            store.publish(unpacked, store.place(interpreter.bytecode, unpacked.name))
            step.advance(name=task.name)

        # Largest first, so that no worker starts a large wheel at the end.
        tasks.sort(key=lambda task: -os.stat(task.wheel).st_size)
        pool.unpack_all(tasks, interpreter, jobs=context.jobs, done=done)
    entries = {}
    for path, (_, sha256) in missing.items():
        entry = store.entry(interpreter.bytecode, sha256, verify_files=False)
        if entry is None:
            raise WorkFailed(
                str(path),
                f"another process removed its new entry from {store.home}",
                "./bootstrap.py --no-store",
            )
        entries[path] = entry
    return entries
