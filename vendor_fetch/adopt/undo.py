"""Keep what a project was before it was adopted, and give it back."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.adopt.file_edit import FileEdit
from vendor_fetch.program import program_command, restore_command, retry_command
from vendor_fetch.project.locks import locked_names, vendored_names
from vendor_fetch.project.project import ADOPTED, VendorProject
from vendor_fetch.sync.staging import staging

RECORD = ADOPTED


def record_of(
    root: Path, edits: Mapping[PurePosixPath, FileEdit], answers: Mapping[str, str]
) -> bytes:
    """Return the record of a project in the directory `root` that is about to be adopted.

    It has the old content of each file that changes, or null, and the sha256 of the new one. It also
    has the directories that do not exist yet, the names of the user's files in requirements/src/, and
    the answers about the server by name.
    """
    files = {
        str(path): {"old": _content(root / path), "mode": _mode(root / path), "new": _sha256(edit)}
        for path, edit in sorted(edits.items())
    }
    files |= {
        str(lock): {"old": _content(root / lock), "mode": _mode(root / lock), "new": None}
        for lock in (APPS, TOOLS)
    }
    directories = sorted({str(path.parent) for path in edits if not (root / path.parent).is_dir()})
    content = {
        "files": files,
        "directories": directories,
        "vendored": sorted(vendored_names(root)),
        "answers": dict(answers),
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def refuse_changes_since(
    root: Path, edits: Mapping[PurePosixPath, FileEdit], record: bytes
) -> None:
    """Raise WorkFailed if a file that changes is not any more what it was for the record."""
    before, now = (json.loads(each)["files"] for each in (record, record_of(root, edits, {})))
    for name, each in before.items():
        if each != now[name]:
            raise WorkFailed(name, "was changed while this command ran", retry_command())


def files_to_undo(root: Path) -> list[PurePosixPath]:
    """Return the files that `undo` gives back or deletes.

    Raise InputError if the project was not adopted, or if a file was changed since.
    """
    return [PurePosixPath(name) for name in _unchanged(root)["files"]]


def undo(root: Path) -> list[PurePosixPath]:
    """Give back every file that the adoption has changed, and delete those that it has made.

    Return the files. Raise InputError if the project was not adopted, or if a file was changed since.
    """
    record = _unchanged(root)
    files = record["files"]
    project = VendorProject(directory=root, targets=())
    with project_lock(root), project_lock(root / APPS.parent), staging(project) as change:
        for name, each in files.items():
            path = PurePosixPath(name)
            if each["old"] is not None:
                change.restore(path, base64.b64decode(each["old"]), mode=each["mode"] & 0o777)
            elif (root / path).is_file():
                change.delete(path)
        change.delete(RECORD)
        change.drop(locked_names(root) - set(record.get("vendored", ())))
        change.commit()
    names = (SOURCE, APPS.parent, *map(PurePosixPath, record.get("directories", ())))
    inside = [name for name in names if not name.is_absolute() and ".." not in name.parts]
    for directory in (root / name for name in inside):
        if directory.is_dir() and not directory.is_symlink() and not any(directory.iterdir()):
            directory.rmdir()
    return [PurePosixPath(name) for name in files]


def _unchanged(root: Path) -> dict[str, Any]:
    """Return the record of a project. Raise InputError if a file was changed since."""
    record = _read(root)
    files = record["files"]
    changed = [
        name
        for name, each in files.items()
        if each["new"]
        and _sha256_of(root / name) not in (each["new"], None)
        and _content(root / name) != each["old"]
    ]
    if changed:
        raise InputError(
            changed[0],
            f"was changed since init{f', and so were {len(changed) - 1} others' if changed[1:] else ''}",
            f"mv {quoted(changed[0])} {quoted(changed[0] + '.mine')} && "
            + program_command("init", "--undo"),
        )
    return record


def recorded_answers(root: Path) -> dict[str, str]:
    """Return the answers about the server that a project was adopted with. Raise InputError."""
    answers = _read(root).get("answers")
    return answers if isinstance(answers, dict) else {}


def _read(root: Path) -> dict[str, Any]:
    """Return the record of a project. Raise InputError for a faulty one."""
    try:
        record: dict[str, Any] = json.loads((root / RECORD).read_text(encoding="utf-8"))
        for each in record["files"].values():
            new, old, mode = each["new"], each["old"], each["mode"]
            if old is not None:
                base64.b64decode(old, validate=True)
            if not isinstance(new, str | None) or not isinstance(mode, int if old else int | None):
                raise TypeError("a hash or a mode has another type")
        if not all(
            isinstance(name, str)
            for key in ("directories", "vendored")
            for name in record.get(key, ())
        ):
            raise TypeError("a name has another type")
    except FileNotFoundError:
        raise InputError(
            str(RECORD), "there is no such file: init has changed nothing here", "git log --stat"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(str(RECORD), f"can't be read: {error}", restore_command(RECORD)) from None
    return record


def _content(path: Path) -> str | None:
    return base64.b64encode(path.read_bytes()).decode() if path.is_file() else None


def _mode(path: Path) -> int | None:
    return path.stat().st_mode & 0o777 if path.is_file() else None


def _sha256(edit: FileEdit) -> str:
    return hashlib.sha256(edit.content).hexdigest()


def _sha256_of(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
