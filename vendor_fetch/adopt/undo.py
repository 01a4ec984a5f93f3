"""Keep what a project was before it was adopted, and give it back."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import APPS, TOOLS
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.adopt.file_edit import FileEdit
from vendor_fetch.program import program_command
from vendor_fetch.project.locks import locked_names
from vendor_fetch.project.project import ADOPTED, VendorProject
from vendor_fetch.sync.staging import staging

RECORD = ADOPTED


def record_of(root: Path, edits: Mapping[PurePosixPath, FileEdit]) -> bytes:
    """Return the record of a project in the directory `root` that is about to be adopted.

    It has the old content of each file that changes, or null, and the sha256 of the new one. It also
    has the directories that do not exist yet.
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
    content = {"files": files, "directories": directories}
    return (json.dumps(content, indent=1) + "\n").encode()


def undo(root: Path) -> list[PurePosixPath]:
    """Give back every file that the adoption has changed, and delete those that it has made.

    Return the files. Raise InputError if the project was not adopted, or if a file was changed since.
    """
    try:
        record = json.loads((root / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            str(RECORD), "there is no such file: init has changed nothing here", "git log --stat"
        ) from None
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
    project = VendorProject(directory=root, targets=())
    with project_lock(root), project_lock(root / APPS.parent), staging(project) as change:
        for name, each in files.items():
            path = PurePosixPath(name)
            if each["old"] is not None:
                change.restore(path, base64.b64decode(each["old"]), mode=each["mode"])
            elif (root / path).is_file():
                change.delete(path)
        change.delete(RECORD)
        change.drop(locked_names(root))
        change.commit()
    made = [root / name for name in record.get("directories", ())]
    for directory in (root / APPS.parent / "src", root / APPS.parent, *made):
        if directory.is_dir() and not any(directory.iterdir()):
            directory.rmdir()
    return [PurePosixPath(name) for name in files]


def _content(path: Path) -> str | None:
    return base64.b64encode(path.read_bytes()).decode() if path.is_file() else None


def _mode(path: Path) -> int | None:
    return path.stat().st_mode & 0o777 if path.is_file() else None


def _sha256(edit: FileEdit) -> str:
    return hashlib.sha256(edit.content).hexdigest()


def _sha256_of(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
