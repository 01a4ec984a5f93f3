"""The errors that users see: each says where, what is wrong, and which command to run next."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from bootstrapper import plain_text
from bootstrapper.next_step import existing, next_lines

# The exit status of each command; docs/reference.md prints this table.
EXIT_STATUSES = {
    0: "done",
    1: "the work failed (a stage, a host, a hash, a build, a full disk), a report has a finding, or "
    "a user cancelled it",
    2: "the command, or a file that people write, is wrong; nothing was done",
    3: "locked: another push is running, or the deployment is locked",
    130: "interrupted: Ctrl-C, SIGTERM or a closed terminal",
}


class BootstrapperError(Exception):
    """An error that a user can act on: its place, the fault, and the next command.

    `status` is the exit status of the command line.
    """

    status = 1

    def __init__(self, where: str, fault: str, next_step: str) -> None:
        super().__init__(where, fault, next_step)  # pickle calls __init__ with these
        self.where = plain_text.without_next(where)
        self.fault = plain_text.without_next(fault)
        self.next_step = next_step

    @classmethod
    def listing(
        cls, where: str, fault: str, next_step: str, errors: Iterable["BootstrapperError"]
    ) -> Self:
        """Return one error for several: its fault lists them, each with its next command."""
        error = cls(where, fault, next_step)
        error.fault += "".join(
            f"\n  {plain_text.single_line(one.where)}: {one.fault}\n  {next_lines(one.next_step)}"
            for one in errors
        )
        return error

    def __str__(self) -> str:
        place = plain_text.single_line(self.where)
        return plain_text.lines(f"{place}: {self.fault}\n{next_lines(self.next_step)}")


class WorkFailed(BootstrapperError):
    """The work failed: a hash, a build, a full disk (exit status 1)."""


class InputError(BootstrapperError):
    """The command line, or a file that people write, is wrong (exit status 2)."""

    status = 2


class Locked(BootstrapperError):
    """Another process or user holds the lock (exit status 3)."""

    status = 3


def refused(error: OSError, where: Path | None = None, *, again: str) -> WorkFailed:
    """Return the error for an operation that the system refused.

    `where` is the default place: the current directory if it is None. `again` is the command to run
    after the user has removed the cause.
    """
    try:
        place = os.fsdecode(error.filename or where or os.getcwd())
    except FileNotFoundError:
        return WorkFailed(
            "the current directory",
            "was removed",
            f"cd  # to a directory that exists, then: {again}",
        )
    reason = error.strerror or str(error)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return WorkFailed(
                place,
                f"the disk is full ({reason})",
                f"df -h {existing(place)}  # free disk space, then: {again}",
            )
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return WorkFailed(
                place,
                f"can't be written ({reason})",
                f"ls -ld {existing(place)}  # as its owner, on a writable disk: {again}",
            )
        case _:
            return WorkFailed(
                place, reason, f"ls -ld {existing(place)}  # remove the cause, then: {again}"
            )


def error_text(
    error: Exception, *, retry: str, program: str = "vendor_fetch", traceback: str = ""
) -> str:
    """Return an error as a user reads it.

    `retry` is the command that failed; `traceback` is the command that prints a traceback, too.
    """
    if isinstance(error, BootstrapperError):
        return str(error)
    if isinstance(error, OSError):
        return str(refused(error, again=retry))
    return (
        f"{program}: unexpected {type(error).__name__}: "
        f"{plain_text.lines(plain_text.without_next(str(error)))}\n"
        + next_lines(f"{traceback or retry}  # report its output as a bug")
    )
