"""Show the progress of work: one changing line on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

# Painting more often costs time and makes the terminal flicker.
REPAINT_SECONDS = 0.05

CLEAR_LINE = "\r\x1b[K"


def count(done: int, total: int) -> str:
    """Return plain numbers, such as `12/53`."""
    return f"{done}/{total}"


def megabytes(done: int, total: int) -> str:
    """Return bytes as decimal megabytes, such as `3.1/47.0 MB`."""
    return f"{done / 1e6:.1f}/{total / 1e6:.1f} MB"


class Step:
    """A piece of work of known size: call `advance` for each part, inside a `with` block.

    A terminal shows it while it runs; other streams get one line when it ends. A step that fails
    prints nothing, because the error message follows.
    """

    def __init__(
        self, progress: "Progress", title: str, total: int, amount: Callable[[int, int], str]
    ) -> None:
        self._progress = progress
        self._title = title
        self._total = total
        self._amount = amount
        self._done = 0
        self._started = self._painted = time.monotonic()

    def advance(self, by: int = 1, name: str = "") -> None:
        """Count `by` more units as done. `name` is the current item; it is shown with `-v`."""
        self._done += by
        if name:
            self._progress.detail(f"  {self._title} {name}")
        now = time.monotonic()
        if now - self._painted >= REPAINT_SECONDS:
            self._painted = now
            self._paint()

    def __enter__(self) -> Self:
        self._paint()
        return self

    def _paint(self) -> None:
        self._progress.paint(f"{self._title:<11} {self._amount(self._done, self._total)}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.paint("")
        if kind is None:
            seconds = time.monotonic() - self._started
            amount = self._amount(self._done, self._total)
            self._progress.say(f"{self._title:<11} {amount:<16} {seconds:6.2f} s")


class Progress:
    """Print steps and lines to `stream`.

    `verbosity` is -1 (errors only), 0, or 1 (every file).
    """

    def __init__(self, stream: TextIO | None = None, verbosity: int = 0) -> None:
        self._stream = stream or sys.stdout
        self._verbosity = verbosity if self._stream else -1  # standard output can be closed
        self._live = self._verbosity == 0 and self._stream.isatty()

    def step(self, title: str, total: int, amount: Callable[[int, int], str] = count) -> Step:
        """Return a step of `total` units; `amount(done, total)` formats how far it is."""
        return Step(self, title, total, amount)

    def say(self, line: str) -> None:
        """Print a line, unless the user asked for errors only."""
        if self._verbosity >= 0:
            self._write(line + "\n")

    def detail(self, line: str) -> None:
        """Print a line if the user asked for details (`-v`)."""
        if self._verbosity > 0:
            self._write(line + "\n")

    def paint(self, line: str) -> None:
        """Replace the changing line; an empty `line` clears it. Do nothing if this is no terminal."""
        if self._live:
            self._write(CLEAR_LINE + line)

    def prompt(self, text: str) -> None:
        """Print a question at any verbosity; the answer follows on the same line."""
        self._write(text)

    def pass_on(self, data: bytes) -> None:
        """Print the output of another program, byte for byte if the stream accepts bytes."""
        self._write(data)

    def _write(self, text: str | bytes) -> None:
        """Write text or bytes. A failure is ignored: the reader may have exited (`| head`)."""
        encoding = self._stream.encoding or "utf-8"
        try:
            if (raw := getattr(self._stream, "buffer", None)) is None:
                self._stream.write(
                    text if isinstance(text, str) else text.decode(encoding, "replace")
                )
            else:
                self._stream.flush()
                raw.write(text.encode(encoding, "replace") if isinstance(text, str) else text)
            self._stream.flush()
        except OSError:
            self._verbosity, self._live = -1, False
            # Python flushes standard output again when it exits, which would fail.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
