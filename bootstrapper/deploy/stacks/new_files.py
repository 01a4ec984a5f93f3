"""Write the files of init: each is built aside and appears whole, the definition last."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.definition.secret import FILE as SECRETS
from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted

IGNORE = ".gitignore"
_COMMENT = "# The journal of pushes, and the values of secret settings."
_LINES = ("/.deploy/", f"/{SECRETS}")
_DEPLOY = ".deploy"
_ASIDE = "init"


def with_ignored_lines(project: Path) -> bytes | None:
    """Return the content of .gitignore with the lines that it lacks; None if it lacks none.

    Raise InputError if it is no regular file.
    """
    path = project / IGNORE
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise InputError(
            IGNORE, "is no regular file, so git does not read it", f"ls -ld {quoted(str(path))}"
        )
    old = path.read_bytes() if path.exists() else b""
    present = {line.strip().strip(b"/") for line in old.splitlines()}
    missing = [line for line in _LINES if line.strip("/").encode() not in present]
    if not missing:
        return None
    newline = b"\r\n" if b"\r\n" in old else b"\n"
    before = old + newline if old and not old.endswith(b"\n") else old
    added = newline.join(line.encode() for line in (_COMMENT, *missing))
    return before + (newline if old else b"") + added + newline


def refuse_unfit_directory(project: Path) -> None:
    """Raise InputError if deploy is something else than a directory of the project.

    The same holds for .deploy, in which the files are built.
    """
    if link := _link(project):
        raise InputError(
            link, "is a link, and the files have to be in the project", f"ls -l {link}"
        )
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
    """
    directory = (project / FILE).parent
    is_new = not directory.is_dir()
    with _aside(project) as aside:
        _write(aside / "definition", definition.encode())
        # Read now: the user may have changed it since the question.
        if (ignore := with_ignored_lines(project)) is not None:
            _write(aside / "ignore", ignore)
            if (project / IGNORE).exists():
                shutil.copymode(project / IGNORE, aside / "ignore")
            os.rename(aside / "ignore", project / IGNORE)
        directory.mkdir(exist_ok=True)
        try:
            _publish(aside / "definition", project / FILE)
        except BaseException:
            if is_new:
                _remove_empty(directory)
            raise
        for each in (directory, project):
            _sync(each)


def _link(project: Path) -> str:
    """Return the directory of the unfinished files that is a link; empty if none is."""
    names = (_DEPLOY, f"{_DEPLOY}/{_ASIDE}")
    return next((name for name in names if (project / name).is_symlink()), "")


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


def remove_leftovers(project: Path) -> None:
    """Remove what a killed run has left in .deploy/; the file that hides it from git goes last."""
    aside = project / _DEPLOY / _ASIDE
    if _link(project):  # no run has left it, and the files there are others
        return
    for name in ("definition", "ignore", IGNORE):
        (aside / name).unlink(missing_ok=True)
    for directory in (aside, aside.parent):
        _remove_empty(directory)


@contextmanager
def _aside(project: Path) -> Iterator[Path]:
    """Make a directory beside the files, on their file system; remove it at the end.

    git never sees what is in it: its own .gitignore is there from the first moment on.
    """
    remove_leftovers(project)
    aside = project / _DEPLOY / _ASIDE
    try:
        aside.parent.mkdir(mode=0o700, exist_ok=True)
        aside.mkdir(mode=0o700)
        _write_at_once(aside / IGNORE, b"*\n")
        yield aside
    finally:
        remove_leftovers(project)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_at_once(path: Path, content: bytes) -> None:
    """Create a file that is complete as soon as it has its name, if the system can do that."""
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        file = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o600)
        try:
            os.write(file, content)
            # With src_dir_fd, Python calls linkat(2), which can follow this link (open(2), O_TMPFILE).
            os.link(f"/proc/self/fd/{file}", path, src_dir_fd=directory)
        finally:
            os.close(file)
    except (AttributeError, OSError):  # not Linux, no /proc, or a file system without such files
        path.write_bytes(content)
    finally:
        os.close(directory)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_empty(directory: Path) -> None:
    try:
        directory.rmdir()
    except OSError:  # not there, or a journal is in it
        return
