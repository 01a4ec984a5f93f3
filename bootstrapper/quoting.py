"""Quote words for bash, so that a command in a message can be pasted."""

import os
import shlex
from collections.abc import Iterable

_PLAIN = set(range(0x20, 0x7F)) - set(b"'\\")


def quoted(word: str) -> str:
    """Return a word quoted for bash, in one line that can be printed.

    Messages leave out the characters that can't be printed, and the quotes would go with them; a
    line break would end a comment. A word that has such characters is written as `$'...'`.
    """
    if word.isprintable():
        return shlex.quote(word)
    escaped = (chr(byte) if byte in _PLAIN else f"\\x{byte:02x}" for byte in os.fsencode(word))
    return f"$'{''.join(escaped)}'"


def joined(words: Iterable[str]) -> str:
    """Return the words of a command, each quoted."""
    return " ".join(map(quoted, words))
