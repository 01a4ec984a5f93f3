"""Paste the commands of a page into shells, and compare what they print."""

import os
import re
import secrets
import select
import subprocess
import time
from fnmatch import fnmatchcase
from pathlib import Path

from tests.support.markdown import Block

# What differs from one run to the next: times, numbers, and the ids of keys.
DIFFERS = ((r"\d{8}T\d{6}Z", "TIME"), (r"\b(?=[a-f]*\d)[0-9a-f]{8}\b", "ID"), (r"[\d,]*\d", "N"))

PATIENCE = 240.0  # seconds for the commands of a block


def commands_and_output(block: Block) -> tuple[str, str]:
    """Return the commands of a block, and the output below an empty line; "" if it has none."""
    commands, _, output = block.text.partition("\n\n")
    return commands + "\n", output


def assert_printed(expected: str, printed: str) -> None:
    """Assert that the lines of a page are in an output, in their order. `…` is anything."""
    rest = iter([_masked(line) for line in printed.splitlines()])
    for line in expected.splitlines():
        wanted = _masked(line).replace("[", "[[]").replace("…", "*")
        assert any(fnmatchcase(found, wanted) for found in rest), f"{line!r} is not in\n{printed}"


def _masked(line: str) -> str:
    for pattern, name in DIFFERS:
        line = re.sub(pattern, name, line)
    return " ".join(line.split())


class Shell:
    """A shell that keeps its directory and its variables from one block to the next."""

    def __init__(self, words: list[str], directory: Path) -> None:
        """Take the words that run a program where the shell is, and a directory for commands."""
        self._words = words
        self._directory = directory

    def __enter__(self) -> "Shell":
        self._process = subprocess.Popen(
            [*self._words, "bash", "-e", "-o", "pipefail"],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def paste(self, commands: str) -> str:
        """Run commands, each of which must succeed; return what they print."""
        assert self._process.stdin and self._process.stdout
        mark = secrets.token_hex(8)
        file = self._directory / mark
        # The shell's option -e does not end it if the left side of && fails.
        file.write_text(commands.replace(" && ", "\n"))
        file.chmod(0o644)
        self._process.stdin.write(f". {file} </dev/null; echo {mark}\n".encode())
        printed, end = b"", time.monotonic() + PATIENCE
        while not printed.endswith(f"{mark}\n".encode()):
            ready, _, _ = select.select([self._process.stdout], [], [], end - time.monotonic())
            piece = os.read(self._process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                fault = "failed" if ready else "did not end"
                raise AssertionError(f"this {fault}:\n{commands}\n{printed.decode()}")
            printed += piece
        return printed.decode().removesuffix(f"{mark}\n")
