"""Find the line of each key in a TOML document, which tomllib does not provide.

Grammar: TOML 1.0.0. tomllib validates the document; this module finds places in a document that
tomllib accepted. In one that it rejected, the search ends at the first text that is not TOML.
"""

import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_OTHER = re.compile(r"[^,\[\]{}#\n\"']+")  # number, date (which may hold a space), boolean


@dataclass
class Lines:
    """The lines of a document: `of` maps a key path to its line.

    A position in an array is a number in the path; `[[name]]` tables count as their array's
    positions. `twice` lists each path that the document defines again, with the line.
    """

    of: dict[Path, int] = field(default_factory=dict)
    twice: list[tuple[Path, int]] = field(default_factory=list)

    def nearest(self, path: Path) -> int:
        """Return the line of `path`, or of the innermost thing around it that has one; 0 if none has."""
        while path and path not in self.of:
            path = path[:-1]
        return self.of.get(path, 0)


def find(text: str) -> Lines:
    """Return the lines of a document's keys."""
    scanner = _Scanner(text)
    with suppress(_Lost):
        scanner.document()
    return scanner.lines


class _Lost(Exception):
    """The text at the current position is not TOML."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines = Lines()
        self.given: set[Path] = set()
        self.arrays: dict[Path, int] = {}
        self.counted = (0, 1)  # a position, and its line

    def document(self) -> None:
        table: Path = ()
        while self.skip(_BLANK) < len(self.text):
            if self.take("[["):
                table = self.element(self.key())
                self.expect("]]")
            elif self.take("["):
                self.skip(_SPACE)
                table = self.inside(self.key())
                self.define(table)
                self.expect("]")
            else:
                self.pair(table)

    def element(self, name: Path) -> Path:
        """Return the path of the next `[[name]]` table."""
        array = self.inside(name)
        self.name(array)
        number = self.arrays[array] = self.arrays.get(array, -1) + 1
        self.name((*array, number))
        return (*array, number)

    def inside(self, name: Path) -> Path:
        """`name` as a path: below an array of tables it is meant of the last one."""
        path: Path = ()
        for part in name[:-1]:
            path = (*path, part)
            self.name(path)
            if path in self.arrays:
                path = (*path, self.arrays[path])
        return (*path, name[-1])

    def pair(self, table: Path) -> None:
        key = self.key()
        path = (*table, *key)
        for length in range(len(table) + 1, len(path)):
            self.name(path[:length])
        self.define(path)
        self.expect("=")
        self.value(path)

    def key(self) -> tuple[str, ...]:
        """Return a key, dotted or not."""
        parts: list[str] = []
        while True:
            self.skip(_SPACE)
            if match := _BARE_KEY.match(self.text, self.at):
                parts.append(match[0])
            elif match := _STRING.match(self.text, self.at):
                try:
                    parts.append(tomllib.loads(f"key = {match[0]}")["key"])
                except tomllib.TOMLDecodeError:
                    raise _Lost from None
            else:
                raise _Lost
            self.at = match.end()
            self.skip(_SPACE)
            if not self.take("."):
                return tuple(parts)

    def value(self, path: Path) -> None:
        self.skip(_SPACE)
        if self.take("["):
            self.array(path)
        elif self.take("{"):
            while self.skip(_BLANK) < len(self.text) and not self.take("}"):
                self.pair(path)
                self.skip(_BLANK)
                self.take(",")
        elif match := _STRING.match(self.text, self.at) or _OTHER.match(self.text, self.at):
            self.at = match.end()
        else:
            raise _Lost

    def array(self, path: Path) -> None:
        number = 0
        while self.skip(_BLANK) < len(self.text) and not self.take("]"):
            self.name((*path, number))
            self.value((*path, number))
            self.skip(_BLANK)
            self.take(",")
            number += 1

    def define(self, path: Path) -> None:
        """`path` is given here, as it may be once."""
        if path in self.given:
            self.lines.twice.append((path, self.line()))
            return
        self.given.add(path)
        self.lines.of[path] = self.line()  # also if it was a part of another's name before

    def name(self, path: Path) -> None:
        """`path` is named here, on the way to something inside it."""
        self.lines.of.setdefault(path, self.line())

    def line(self) -> int:
        position, line = self.counted
        line += self.text.count("\n", position, self.at)
        self.counted = (self.at, line)
        return line

    def skip(self, pattern: re.Pattern[str]) -> int:
        if match := pattern.match(self.text, self.at):
            self.at = match.end()
        return self.at

    def take(self, word: str) -> bool:
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def expect(self, word: str) -> None:
        self.skip(_SPACE)
        if not self.take(word):
            raise _Lost
