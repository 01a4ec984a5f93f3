"""A contender: the commands that are measured, run as their users run them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# Ours starts with `env python3`; a wrapper of a version switcher there would be measured as well.
PYTHON = Path(sys.base_prefix).resolve() / "bin/python3"


@dataclass(frozen=True, kw_only=True)
class Contender:
    """Commands, run in `directory` one after the other.

    `environment` is all that they get beside the few variables that every program needs.
    """

    title: str
    directory: Path
    commands: Sequence[Sequence[str | Path]]
    environment: Mapping[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Let the disk come to rest: nobody pays for what another one wrote."""
        os.sync()

    def run(self) -> None:
        """Do what is measured."""
        for words in self.commands:
            with self.started(words):
                pass

    def check(self) -> None:
        """See that the run did what it is for; ends everything if not."""

    @contextmanager
    def started(self, words: Sequence[str | Path]) -> Iterator["subprocess.Popen[str]"]:
        """One of its commands, running; its end is waited for, and its failure ends it all."""
        # Where everything else lies, or the file systems were compared: not in /tmp for some.
        environment = {
            "PATH": f"{PYTHON.parent}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TMPDIR": tempfile.gettempdir(),
            "HOME": os.fspath(self.directory.parent),
            **self.environment,
        }
        process = subprocess.Popen(
            words,
            cwd=self.directory,
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        yield process
        output, _ = process.communicate()
        if process.returncode:
            sys.exit(f"{self.title}: {words[0]} ended with {process.returncode}:\n{output}")
