"""Which distribution each file of a ve belongs to, as the RECORDs say."""

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from bootstrapper.ve.python import bytecode

Row = tuple[str, str, str]
"""A file of a ve: its path in the ve, its path in its RECORD, and its digest or nothing."""


def rows(ve: Path, record: str) -> list[Row]:
    """The rows of a RECORD; `record` is its path in the ve. Raises OSError."""
    site = os.path.dirname(os.path.dirname(record))
    with (ve / record).open(encoding="utf-8", newline="") as stream:
        return [
            (os.path.normpath(os.path.join(site, row[0])), row[0], row[1])
            for row in csv.reader(stream)
        ]


def owners(records: Mapping[str, Iterable[Row]]) -> dict[str, str]:
    """The RECORD that each file belongs to; `records` are in the lock's order.

    Two distributions may bring a file of the same path. The ve has that of the later one, as
    `Tree` decides.
    """
    return {path: record for record, its_rows in records.items() for path, _, _ in its_rows}


def bytecode_digest(ve: Path, own: Iterable[Row]) -> str:
    """The digest of the bytecode among a distribution's own files. Raises OSError."""
    return bytecode.digest(
        {
            name: bytecode.fingerprint((ve / path).read_bytes())
            for path, name, digest in own
            if is_bytecode(name, digest)
        }
    )


def is_bytecode(name: str, digest: str) -> bool:
    """Whether a row is of bytecode that was compiled when it was installed."""
    return name.endswith(".pyc") and not digest
