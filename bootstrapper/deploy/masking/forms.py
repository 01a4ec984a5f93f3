"""The forms in which programs print a secret: plain, quoted, encoded."""

import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from json import dumps
from urllib.parse import quote, quote_plus

_LINE = 8  # a shorter line of a secret of several ("}", "---") isn't one by itself
_FRAGMENT = 3
_ENCODED = 6  # shorter forms can't be distinguished from ordinary text
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
# What bash's sh_backslash_quote quotes (lib/sh/shquote.c); "~" and "#" are at a word's start.
_SHELL = re.compile(r"([ \t\n!\"$&'()*,;<>?\[\\\]^`{|}]|^[~#])")
_SHELL_OLD = re.compile(r"([^\w@%+=:./-])")
_NAMED = {
    "\a": r"\a",
    "\b": r"\b",
    "\x1b": r"\E",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
    "'": r"\'",
}


@dataclass(frozen=True)
class SecretForm:
    """Bytes that reveal a secret.

    In base64 these are the characters that depend on the secret alone; the one `before` and the
    one `after` hold some of its bits as well. It may be `folded` into lines.
    """

    text: bytes
    before: bool = False
    after: bool = False
    folded: bool = False


def secret_forms(secret: str) -> Iterator[SecretForm]:
    """Yield all forms of a secret; some come twice."""
    for value in dict.fromkeys((secret, secret.strip())):
        if value:
            yield from _whole(value)
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) > 1:
        yield from (
            SecretForm(data) for line in lines if len(line) >= _LINE for data in _bytes(line)
        )


def _whole(value: str) -> Iterator[SecretForm]:
    lines = value.splitlines()
    # Across lines it is looked for only where the lines by themselves don't do: a line that may be
    # its beginning is held back.
    if len(lines) == 1 or any(_FRAGMENT <= len(line.strip()) < _LINE for line in lines):
        for data in _bytes(value):
            yield SecretForm(data)
            yield SecretForm(data.replace(b"\n", b"\r\n"))
    for text in _quoted(value):
        if "\n" not in text:
            yield from map(SecretForm, _bytes(text))
    for data in _bytes(value):
        yield from (SecretForm(text) for text in _escaped(data))
        yield from (form for form in _encoded(data) if len(form.text) >= _ENCODED)


def _bytes(text: str) -> list[bytes]:
    """In UTF-8, and in Latin-1 where that differs."""
    found = [text.encode(errors="surrogateescape")]
    with suppress(UnicodeEncodeError):  # it can't be written so
        found.append(text.encode("latin-1"))
    return found


def _quoted(value: str) -> Iterator[str]:
    """As shells, Python, JSON and HTML write it between quotes."""
    yield _SHELL.sub(r"\\\1", value)  # printf %q
    yield _SHELL_OLD.sub(r"\\\1", value)
    yield value.replace("'", r"'\''")  # bash -x
    yield value.replace("'", "'\"'\"'")  # shlex.quote
    yield re.sub(r'(["$`\\])', r"\\\1", value)  # declare -p
    yield "".join(_NAMED.get(c, c if c >= " " else f"\\{ord(c):03o}") for c in value)  # $'...'
    yield repr(value)[1:-1]
    for ascii_only in (True, False):
        text = dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield text
        yield text.replace("/", r"\/")  # PHP
    yield escape(value)


def _escaped(data: bytes) -> Iterator[bytes]:
    """As URLs hold it, and as C and Python show bytes."""
    for safe in ("", "/", "!*'()", "/!*'()"):
        for text in (quote(data, safe=safe), quote_plus(data, safe=safe)):
            yield text.encode()
            yield re.sub("%..", lambda match: match[0].lower(), text).encode()
    yield repr(data)[2:-1].encode()
    yield b"".join(
        _NAMED.get(chr(c), chr(c) if " " <= chr(c) < "\x7f" else f"\\{c:03o}").encode()
        for c in data
    )


def _encoded(data: bytes) -> Iterator[SecretForm]:
    """Hexadecimal, and base64 with 0, 1 or 2 bytes before it in a group of three."""
    yield SecretForm(data.hex().encode())
    yield SecretForm(data.hex().upper().encode())
    for ahead in range(3):
        first, last = -(-8 * ahead // 6), 8 * (ahead + len(data)) // 6
        text = b64encode(b"\0" * ahead + data + b"\0\0\0")[first:last]
        after = bool(8 * (ahead + len(data)) % 6)
        yield SecretForm(text, before=ahead > 0, after=after, folded=True)
        yield SecretForm(text.translate(_URL_SAFE), before=ahead > 0, after=after, folded=True)
