"""Every vendored file as an entry of the store: found there, or made now."""

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
    """An entry for each file, in the lock's order. Raises WorkFailed or OSError.

    `built` has the wheels of those that are tarballs; `verify_files` False leaves it to linking to see
    whether every file of an entry is whole.
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
    """The wheel of a file, and its sha256."""
    if file.path in built:
        return built[file.path].path, built[file.path].sha256
    path = project / file.path
    # The bytes have just been verified; of a line with several hashes, one is theirs.
    return path, file.sha256[0] if len(file.sha256) == 1 else sha256_of(path)


def _unpack(
    context: Context, missing: dict[PurePosixPath, tuple[Path, str]]
) -> dict[PurePosixPath, Entry]:
    """Fill the store. What has been unpacked is kept even if a later one fails."""
    from bootstrapper.ve.unpack import pool, worker  # a full store needs nothing of them

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
            made = Path(task.place)
            store.publish(made, store.place(interpreter.bytecode, made.name))
            step.advance(name=task.name)

        # The big ones first, so that no process is left with one at the end.
        tasks.sort(key=lambda task: -os.stat(task.wheel).st_size)
        pool.unpack_all(tasks, interpreter, jobs=context.jobs, done=done)
    entries = {}
    for path, (_, sha256) in missing.items():
        entry = store.entry(interpreter.bytecode, sha256, verify_files=False)
        if entry is None:
            raise WorkFailed(
                str(path),
                f"its entry in {store.home} went away as it was made",
                "see who writes there, then: ./bootstrap.py",
            )
        entries[path] = entry
    return entries
