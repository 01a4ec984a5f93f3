"""Run programs as if the kernel were not Linux: its own calls fail, and there is no /proc.

Python lacks what it lacks on macOS (tests.support.missing_calls), the kernel answers ENOSYS to the
calls of Linux alone, whichever program makes them, and /proc is empty. Programs that only Linux has
are not on PATH. Only root can do all that.
"""

import ctypes
import errno
import os
import platform
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.bare_machine import path_without

REPOSITORY = Path(__file__).parents[2]
LACKING = {"flock", "prlimit", "setpriv", "systemd-run", "systemctl", "fuser", "strace", "ionice"}

# linux/seccomp.h, linux/filter.h, linux/prctl.h
_SECCOMP, _FILTER = 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _SECOND_ARGUMENT = 0, 24
_FICLONE = 0x40049409
# Of each machine: the numbers of the calls, and that of ioctl.
_CALLS = {
    "x86_64": (
        {
            "renameat2": 316,
            "unshare": 272,
            "setns": 308,
            "pidfd_open": 434,
            "pidfd_send_signal": 424,
            "prctl": 157,
            "sched_getaffinity": 204,
            "epoll_create1": 291,
            "copy_file_range": 326,
            "memfd_create": 319,
            "splice": 275,
        },
        16,
    ),
    "aarch64": (
        {
            "renameat2": 276,
            "unshare": 97,
            "setns": 268,
            "pidfd_open": 434,
            "pidfd_send_signal": 424,
            "prctl": 167,
            "sched_getaffinity": 123,
            "epoll_create1": 20,
            "copy_file_range": 285,
            "memfd_create": 279,
            "splice": 76,
        },
        29,
    ),
}
# macOS has /dev/fd, which is a link into /proc on Linux.
_HIDE = """
mkdir -p "$0"
mount --rbind /proc "$0"
mount -t tmpfs tmpfs /proc
mkdir /proc/self
ln -s "$0/self/fd" /proc/self/fd
exec "$@"
"""


@dataclass(frozen=True, kw_only=True)
class OtherSystem:
    """A Python and a PATH in `directory` for programs that run without Linux's calls."""

    directory: Path

    @property
    def python(self) -> Path:
        """The Python without the calls."""
        return self.directory / "python/bin/python3"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of programs there."""
        path = f"{self.python.parent}:{self.directory / 'programs'}"
        return {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def words(self, *words: "str | Path") -> list[str]:
        """Return the words that run a program there."""
        return [
            *("unshare", "--mount", "--", "sh", "-euc", _HIDE, str(self.directory / "proc")),
            *(sys.executable, "-m", __name__, *map(str, words)),
        ]

    def start(self, *words: "str | Path", cwd: Path, **variables: str) -> "subprocess.Popen[str]":
        """Start a program there in a session of its own."""
        return subprocess.Popen(
            self.words(*words),
            cwd=cwd,
            env={**self.environment, "PYTHONPATH": str(REPOSITORY), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, *words: "str | Path", cwd: Path, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program there."""
        process = self.start(*words, cwd=cwd, **variables)
        output, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, output, errors)


def other_system(directory: Path) -> OtherSystem:
    """Make a system without Linux's calls in a directory; skip the test where that is impossible."""
    if os.getuid() or platform.machine() not in _CALLS or not shutil.which("unshare"):
        pytest.skip("needs root and unshare, on x86-64 or ARM")
    made = OtherSystem(directory=directory)
    directory.mkdir()
    path_without(directory / "programs", LACKING)
    made.python.parent.mkdir(parents=True)
    base = Path(os.path.realpath(sys.executable))
    made.python.symlink_to(base)
    made.python.with_name("python").symlink_to(base)
    (directory / "python/pyvenv.cfg").write_text(f"home = {base.parent}\n")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = directory / f"python/lib/{version}/site-packages"
    packages.mkdir(parents=True)
    (packages / "without_linux.pth").write_text(
        f"{REPOSITORY}\nimport tests.support.missing_calls as calls; calls.remove()\n"
    )
    return made


def _refuse_calls() -> None:
    """Let the kernel answer ENOSYS to the calls of Linux, for this process and its children."""
    calls, ioctl = _CALLS[platform.machine()]
    program = _instruction(_LOAD, value=_NUMBER)
    for number in calls.values():
        program += _instruction(_JUMP_IF_EQUAL, 0, 1, number)
        program += _instruction(_RETURN, value=_ERROR | errno.ENOSYS)
    program += _instruction(_JUMP_IF_EQUAL, 0, 3, ioctl)
    program += _instruction(_LOAD, value=_SECOND_ARGUMENT)
    program += _instruction(_JUMP_IF_EQUAL, 0, 1, _FICLONE)
    program += _instruction(_RETURN, value=_ERROR | errno.ENOTTY)
    program += _instruction(_RETURN, value=_ALLOW)
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SECCOMP, _FILTER, ctypes.c_char_p(described), 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter of calls")


def _instruction(code: int, yes: int = 0, no: int = 0, value: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH")
    _refuse_calls()
    os.execvp(sys.argv[1], sys.argv[1:])
