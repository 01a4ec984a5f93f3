"""Remove from this Python what it does not have on macOS. A `.pth` file calls `remove` first of all.

The names are those that the documentation of the standard library gives for Linux alone.
"""

import ctypes
import fcntl
import os
import pathlib
import select
import signal
import socket
import time
from types import ModuleType
from typing import Any

MISSING: dict[ModuleType, tuple[str, ...]] = {
    os: (
        *("O_DIRECT", "O_PATH", "O_TMPFILE", "copy_file_range", "eventfd", "fdatasync"),
        *("getrandom", "getresuid", "getxattr", "listxattr", "memfd_create", "pidfd_open", "pipe2"),
        *("posix_fadvise", "posix_fallocate", "sched_getaffinity", "sched_setaffinity"),
        *("setns", "setresuid", "setxattr", "splice", "unshare", "waitid"),
    ),
    fcntl: ("F_SETPIPE_SZ", "F_GETPIPE_SZ", "F_OFD_SETLK", "F_OFD_SETLKW"),
    select: ("epoll", "EPOLLIN", "EPOLLET"),
    signal: ("pidfd_send_signal", "sigtimedwait", "sigwaitinfo"),
    socket: ("AF_NETLINK", "MSG_NOSIGNAL", "SO_PEERCRED", "SOCK_CLOEXEC", "SOCK_NONBLOCK"),
    time: ("CLOCK_BOOTTIME",),
}
# Functions of the C library.
FUNCTIONS = {"renameat2", "prctl", "unshare", "setns", "pidfd_open", "sched_getaffinity"}
# The process kills itself as soon as it has renamed a file or directory of this name.
KILL_AFTER_RENAME = "TEST_KILL_AFTER_RENAME"


def remove() -> None:
    """Remove the names; with KILL_AFTER_RENAME in the environment, prepare that."""
    for module, names in MISSING.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    whole = ctypes.CDLL.__getattr__

    def function(library: ctypes.CDLL, name: str) -> Any:
        if name in FUNCTIONS:
            raise AttributeError(name)
        return whole(library, name)

    ctypes.CDLL.__getattr__ = function  # type: ignore[assignment, method-assign]
    if name := os.environ.get(KILL_AFTER_RENAME):
        _kill_after_rename(name)


def _kill_after_rename(name: str) -> None:
    rename = os.rename

    def and_die(source: Any, target: Any, **options: Any) -> None:
        rename(source, target, **options)
        if pathlib.PurePath(os.fspath(source)).name == name:
            os.kill(os.getpid(), signal.SIGKILL)

    os.rename = and_die
