"""Secrets that a test's push says, and what is left of them where it must not be."""

import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

# Of this run alone: tests look at all processes of the machine, where others may run the same test.
RUN = secrets.token_hex(4)
TOKEN = secrets.token_hex(20)
SECRETS = {
    "WORD": f"trombone{RUN}",
    "TOKEN": TOKEN,
    "LONGER": f"{TOKEN}.{secrets.token_hex(3)}-{secrets.token_hex(2)}",
    "PHRASE": f"correct \"horse\" 100% & 'battery' = {RUN}\\up $HOME `x`",
    "UMLAUT": f"Überläufer → größer {RUN} ß",
    "SPLIT": f"vB6nM2kL9jH4gF7d|sQ1wE5rT{RUN}",
    "KEY": f"-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSk{RUN}\n"
    f"qZxJk2tVb8nPw4sLr6hYd3cMf9gXe1uHjT7oKi5aBvNzQyWmUpEsRlDt{RUN}\n"
    f"Qm9vYmFy{RUN}=\n-----END PRIVATE KEY-----",
}


def traces(value: str) -> set[bytes]:
    """What a secret looks like, but for base64."""
    data = value.encode()
    return {
        data,
        value.strip().encode(),
        value.encode("unicode-escape"),
        data.hex().encode(),
        quote(value, safe="").encode(),
        quote(value).encode(),
        quote_plus(value).encode(),
        quote(value, safe="").lower().encode(),
        json.dumps(value)[1:-1].encode(),
        json.dumps(value, ensure_ascii=False)[1:-1].encode(),
        repr(value)[1:-1].encode(),
        value.replace("'", "'\\''").encode(),
        value.replace("'", "'\"'\"'").encode(),
        *(line.encode() for line in value.splitlines() if len(line) > 7 and RUN in line),
    }


def base64_of(value: str) -> set[bytes]:
    """Of what may stand before and after it, no more than what depends on the secret alone."""
    data = value.encode()
    found = set()
    for ahead in range(3):
        text = b64encode(b"\0" * ahead + data + b"\0\0\0")[
            -(-8 * ahead // 6) : 8 * (ahead + len(data)) // 6
        ]
        found |= {text, text.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def found_in(data: bytes) -> list[str]:
    """The names of the secrets that stand in it."""
    joined = data.replace(b"\r", b"").replace(b"\n", b"")
    found = [
        name
        for name, value in SECRETS.items()
        if any(trace in data for trace in traces(value))
        or any(trace in joined for trace in base64_of(value))
    ]
    windows = (SECRETS["LONGER"][at : at + 10].encode() for at in range(len(SECRETS["LONGER"]) - 9))
    return [*found, *(f"a piece of TOKEN: {window!r}" for window in windows if window in data)]


def files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())
