"""The release that a process runs of: by what name it was started, and where that leads."""

import os
import sys
from pathlib import Path


class Release:
    """`path` is the project's directory as it was named, perhaps …/current; `here` the release."""

    def __init__(self):
        """See where manage.py is, before anything moves."""
        named = Path(sys.argv[0])
        if not named.is_absolute():
            # The shell's own idea of where it is still has the link in it.
            told = Path(os.environ.get("PWD", ""))
            known = told.is_absolute() and told.is_dir() and told.samefile(".")
            named = (told if known else Path.cwd()) / named
        self.path = Path(os.path.normpath(named.parent))
        self.here = self.path.resolve()
        sys.argv[0] = str(self.path / named.name)

    def pin(self):
        """Have what is imported from now on come of this release, wherever the link leads then."""
        named, here = str(self.path), str(self.here)
        for setting in ("prefix", "exec_prefix", "executable"):
            setattr(sys, setting, getattr(sys, setting).replace(named, here, 1))
        sys.path[:] = [here, *(entry.replace(named, here, 1) for entry in sys.path)]

    def successor(self):
        """Return the release that the name leads to by now; None while it is this one."""
        there = self.path.resolve()
        return None if there == self.here or not there.is_dir() else there

    def command(self, *words):
        """Return what runs manage.py by its name, in whatever release that is."""
        return [str(self.path / "ve/bin/python"), sys.argv[0], *words]
