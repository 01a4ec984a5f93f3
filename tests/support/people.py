"""Real users of this machine, each for as long as a test needs them."""

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

# Of the groups that this process makes.
_numbers = count(1)


@contextmanager
def users(*shells: str, home: str = "/") -> Iterator[list[str]]:
    """Make a user for each login shell, all of one group, and remove them; needs to be root."""
    group = f"pushers{os.getpid()}-{next(_numbers)}"
    names = [f"{group}-{number}" for number in range(len(shells))]
    _run("groupadd", group)
    try:
        for name, shell in zip(names, shells, strict=True):
            # Not locked, for sshd; no password fits.
            _run(
                "useradd",
                "--no-create-home",
                "--home-dir",
                home,
                "--gid",
                group,
                "--password",
                "*",
                "--shell",
                shell,
                name,
            )
        yield names
    finally:
        for name in names:
            subprocess.run(["userdel", name], capture_output=True, check=False)
        subprocess.run(["groupdel", group], capture_output=True, check=False)


def group_of(user: str) -> str:
    """The name of a user's group."""
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
