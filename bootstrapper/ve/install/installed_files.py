"""Read from the RECORDs which distribution each file of a virtualenv belongs to."""

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from bootstrapper.ve.python import bytecode

Row = tuple[str, str, str]
"""A file: its path in the virtualenv, its path in RECORD, and its digest or ""."""


def rows(ve: Path, record: str) -> list[Row]:
    """Return the rows of a RECORD; `record` is its path in the virtualenv. Raise OSError."""
    site = os.path.dirname(os.path.dirname(record))
    with (ve / record).open(encoding="utf-8", newline="") as stream:
        return [
            (os.path.normpath(os.path.join(site, row[0])), row[0], row[1])
            for row in csv.reader(stream)
        ]


def owners(records: Mapping[str, Iterable[Row]]) -> dict[str, str]:
    """Return the RECORD that each file belongs to; `records` must be in the lock's order.

    If two distributions have a file of the same path, the later one owns it, as in `Tree`.
    """
    return {path: record for record, its_rows in records.items() for path, _, _ in its_rows}


def bytecode_digest(ve: Path, own: Iterable[Row]) -> str:
    """Return the digest of the bytecode among a distribution's own files. Raise OSError."""
    return bytecode.digest(
        {
            name: bytecode.fingerprint((ve / path).read_bytes())
            for path, name, digest in own
            if is_bytecode(name, digest)
        }
    )


def is_bytecode(name: str, digest: str) -> bool:
    """Return whether a row is bytecode that was compiled during installation."""
    return name.endswith(".pyc") and not digest
