"""Take back what init wrote: the definition, the lines of .gitignore, and deploy/ if it is empty."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.definition.secret import FILE as SECRETS
from bootstrapper.deploy.stacks.aside import DIRECTORY, IGNORE, aside, remove_empty, sync, write
from bootstrapper.deploy.stacks.new_files import LINES
from bootstrapper.deploy.stacks.record import RECORD, IgnoreChange, Record, read_record, sha256_of
from bootstrapper.errors import InputError
from bootstrapper.next_step import edit
from bootstrapper.program import PROGRAM
from bootstrapper.quoting import quoted


@dataclass(frozen=True, kw_only=True)
class _Content:
    """What .gitignore becomes; without `text`, it is deleted."""

    text: bytes | None
    mode: int


def files_to_undo(project: Path) -> list[str]:
    """Return the files that `undo` deletes or changes.

    Raise InputError if init has written nothing here, or if a file was changed since.
    """
    record = _record(project)
    definition = [FILE] if _has_definition(project, record) else []
    return definition + ([IGNORE] if _ignore_before(project, record) else [])


def undo(project: Path) -> tuple[list[str], list[str]]:
    """Give back every file as it was before init.

    Return the files, and a line for each directory of init that stays, as others have written there.

    Raise InputError if init has written nothing here, or if a file was changed since. The definition
    goes first: a process that is killed leaves the project as before, as after, or with the lines in
    .gitignore alone. The record goes last, so the next run completes the rest.
    """
    record = _record(project)
    files = files_to_undo(project)
    directory = (project / FILE).parent
    with aside(project) as beside:
        ignore = _ignore_before(project, record)
        if ignore and ignore.text is not None:
            write(beside / "ignore", ignore.text)
            (beside / "ignore").chmod(ignore.mode)
        if _has_definition(project, record):
            (project / FILE).unlink()
            sync(directory)
        if record.made_directory:
            remove_empty(directory)
        if ignore and ignore.text is not None:
            os.rename(beside / "ignore", project / IGNORE)
        elif ignore:
            (project / IGNORE).unlink()
        sync(project)
        (project / RECORD).unlink()
    top = (project / DIRECTORY).parent
    return files, list(_kept([directory, top] if record.made_directory else [top]))


def _kept(directories: Iterable[Path]) -> Iterator[str]:
    """Yield what is in the directories, each with the command that deletes it."""
    for directory in directories:
        if directory.is_dir() and not directory.is_symlink():
            name = directory.name
            names = ", ".join(sorted(f"{name}/{each}" for each in _names(directory)))
            if names:
                yield f"kept: {names}, which init has not written; rm -r {quoted(name)} deletes it"


def _names(directory: Path) -> list[str]:
    own = {IGNORE, Path(DIRECTORY).name} if directory.name == ".deploy" else set()
    return [name for name in os.listdir(directory) if name not in own]


def _record(project: Path) -> Record:
    record = read_record(project)
    if record is None:
        raise InputError(
            RECORD, "there is no such file: init has changed nothing here", "git log --stat"
        )
    return record


def _has_definition(project: Path, record: Record) -> bool:
    """Return whether the definition of init is there. Raise InputError if it was changed."""
    path = project / FILE
    if not os.path.lexists(path):
        return False
    if path.is_symlink() or not path.is_file() or sha256_of(path.read_bytes()) != record.definition:
        raise InputError(
            FILE,
            "was changed since init",
            _moving(project, FILE, f"{FILE}.mine"),
        )
    return True


def _moving(project: Path, name: str, other: str) -> str:
    """Return the command that gives a file another name, which no file has, and then undoes init."""
    names = (f"{other}{number or ''}" for number in range(1000))
    free = next(each for each in names if not os.path.lexists(project / each))
    return f"mv {quoted(name)} {quoted(free)} && {PROGRAM} init --undo"


def _ignore_before(project: Path, record: Record) -> _Content | None:
    """Return what .gitignore becomes; None if it stays as it is.

    Raise InputError if a user has changed the lines of init.
    """
    change = record.ignore
    path = project / IGNORE
    if change is None:
        return None
    content = _content_before(path, change)
    if content and os.path.lexists(project / SECRETS) and not _has_line(content.text, SECRETS):
        raise InputError(
            SECRETS,
            f"has values of secrets, and without init's lines in {IGNORE} git would take it in",
            _moving(project, SECRETS, f"../{project.name}-secrets.env"),
        )
    return content


def _content_before(path: Path, change: IgnoreChange) -> _Content | None:
    if not os.path.lexists(path):
        return None if change.old is None else _Content(text=change.old, mode=change.mode)
    if path.is_file() and not path.is_symlink():
        current = path.read_bytes()
        if current == change.new:
            return _Content(text=change.old, mode=change.mode)
        if current == change.old or not any(_has_line(current, line) for line in LINES):
            return None
        if current.count(change.added) == 1:
            mode = path.stat().st_mode & 0o777
            return _Content(text=current.replace(change.added, b""), mode=mode)
    lines = " and ".join(LINES)
    raise InputError(
        IGNORE,
        "was changed since init",
        edit(IGNORE, f"delete the lines {lines}, then: {PROGRAM} init --undo"),
    )


def _has_line(content: bytes | None, line: str) -> bool:
    lines = (content or b"").splitlines()
    return line.strip("/").encode() in {each.strip().strip(b"/") for each in lines}
