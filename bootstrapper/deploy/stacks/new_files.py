"""Write the files of init: each is built aside and appears whole, the definition last."""

import os
from pathlib import Path

from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.definition.secret import FILE as SECRETS
from bootstrapper.deploy.stacks.aside import (
    IGNORE,
    aside,
    refuse_link,
    remove_empty,
    sync,
    write,
)
from bootstrapper.deploy.stacks.record import (
    RECORD,
    IgnoreChange,
    Record,
    read_record,
    sha256_of,
)
from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted

LINES = ("/.deploy/", f"/{SECRETS}")
_COMMENT = "# The journal of pushes, and the values of secret settings."


def with_ignored_lines(project: Path) -> bytes | None:
    """Return the content of .gitignore with the lines that it lacks; None if it lacks none.

    Raise InputError if it is no regular file.
    """
    change = _ignore_change(project)
    return change.new if change else None


def refuse_unfit_directory(project: Path) -> None:
    """Raise InputError if deploy is something else than a directory of the project.

    The same holds for .deploy, in which the files are built.
    """
    refuse_link(project)
    directory = (project / FILE).parent
    if os.path.lexists(directory) and (directory.is_symlink() or not directory.is_dir()):
        name = quoted(directory.name)
        raise InputError(
            directory.name,
            f"is no directory, and {FILE} has to be in one",
            f"mv {name} {quoted(directory.name + '.old')}  # or rename it in git: git mv",
        )


def write_files(project: Path, definition: str) -> None:
    """Write the lines that .gitignore lacks, and then deploy/deployments.toml.

    Raise InputError if there is a deployments.toml by now: it is never replaced. The files are
    complete in .deploy/init/ before the first gets its name, so a process that is killed leaves the
    project as it was before, or with new lines in .gitignore alone; the next run completes that.
    The record, by which `init --undo` gives everything back, is there before both.
    """
    directory = (project / FILE).parent
    is_new = not directory.is_dir()
    earlier = read_record(
        project
    )  # of a killed run, or the user has deleted deployments.toml since
    with aside(project) as beside:
        write(beside / "definition", definition.encode())
        # Read now: the user may have changed it since the question.
        ignore = _ignore_change(project)
        record = Record(
            definition=sha256_of(definition.encode()),
            ignore=ignore or (earlier.ignore if earlier else None),
            made_directory=is_new or bool(earlier and earlier.made_directory),
        )
        write(beside / "record", record.to_bytes())
        if ignore:
            write(beside / "ignore", ignore.new)
            (beside / "ignore").chmod(ignore.mode)
        os.rename(beside / "record", project / RECORD)
        try:
            if ignore:
                os.rename(beside / "ignore", project / IGNORE)
            directory.mkdir(exist_ok=True)
            _publish(beside / "definition", project / FILE)
        except BaseException:
            if is_new:
                remove_empty(directory)
            if earlier is None and _ignore_change(project) == ignore:  # nothing has changed
                (project / RECORD).unlink()
            raise
        for each in (directory, project):
            sync(each)


def _ignore_change(project: Path) -> IgnoreChange | None:
    """Return the change of .gitignore; None if it has the lines."""
    path = project / IGNORE
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise InputError(
            IGNORE, "is no regular file, so git does not read it", f"ls -ld {quoted(str(path))}"
        )
    old = path.read_bytes() if path.exists() else None
    present = {line.strip().strip(b"/") for line in (old or b"").splitlines()}
    missing = [line for line in LINES if line.strip("/").encode() not in present]
    if not missing:
        return None
    newline = b"\r\n" if old and b"\r\n" in old else b"\n"
    added = newline.join(line.encode() for line in (_COMMENT, *missing)) + newline
    if old:
        added = (b"" if old.endswith(b"\n") else newline) + newline + added
    mode = path.stat().st_mode & 0o777 if old is not None else _usual_mode()
    return IgnoreChange(old=old, mode=mode, added=added)


def _publish(complete: Path, target: Path) -> None:
    """Give a complete file its name. Raise InputError if another file has it."""
    try:
        os.link(complete, target)
    except FileExistsError:
        raise InputError(
            FILE,
            "was written meanwhile by another program, and stays as it is",
            f"cat {quoted(str(target))}",
        ) from None
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise
        os.rename(complete, target)


def _usual_mode() -> int:
    """Return the mode of a new file."""
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask
