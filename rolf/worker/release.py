"""The release that a process runs from, and whether its path leads to another one by now."""

import os
import sys
from pathlib import Path


class Release:
    """`path` is the project's directory as typed, perhaps …/current; `here` is where it leads."""

    def __init__(self):
        """Find manage.py; call this before a switch of the link can happen."""
        named = Path(sys.argv[0])
        if not named.is_absolute():
            # PWD, which the shell sets, still has the link in it.
            shell = Path(os.environ.get("PWD", ""))
            known = shell.is_absolute() and shell.is_dir() and shell.samefile(".")
            named = (shell if known else Path.cwd()) / named
        self.path = Path(os.path.normpath(named.parent))
        self.here = self.path.resolve()
        sys.argv[0] = str(self.path / named.name)

    def pin(self):
        """Import from this release from now on, wherever the link leads later."""
        named, here = str(self.path), str(self.here)
        for setting in ("prefix", "exec_prefix", "executable"):
            setattr(sys, setting, getattr(sys, setting).replace(named, here, 1))
        sys.path[:] = [here, *(entry.replace(named, here, 1) for entry in sys.path)]

    def successor(self):
        """Return the release that the path leads to now; None if it is still this one."""
        there = self.path.resolve()
        return None if there == self.here or not there.is_dir() else there

    def command(self, *words):
        """Return the command that runs manage.py of the release that the path leads to."""
        return [str(self.path / "ve/bin/python"), sys.argv[0], *words]
