"""The hash chain of the audit log: the canonical form of a row, and the check of all rows.

The hash of a row is SHA-256, as lower-case hexadecimal, of its canonical form: the JSON object of
all fields but `hash`, with sorted keys, without spaces, in ASCII. `previous` is the hash of the row
before. So a row that is edited, removed, inserted or moved breaks the chain.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC

BEGIN = "0" * 64  # `previous` of the first row


def to_json(value):
    """Return the value in the one JSON notation that the hash is made of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(row):
    """Return the fields of a row that its hash covers, as values of JSON."""
    return {
        "sequence": row.sequence,
        "at": row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "action": row.action,
        "outcome": row.outcome,
        "user_id": row.user_key,
        "user": row.user_name,
        "address": row.address,
        "request_id": row.request_id,
        "target": row.target,
        "details": json.loads(row.details),
        "previous": row.previous,
    }


def digest(row):
    """Return the hash that the row must have."""
    return hashlib.sha256(to_json(canonical(row)).encode("ascii")).hexdigest()


@dataclass(frozen=True)
class HeadMark:
    """A row of the chain by its sequence and hash, as text `SEQUENCE:HASH`."""

    sequence: int
    hash: str

    @classmethod
    def parse(cls, text):
        """Return the HeadMark of the text. Raises ValueError."""
        sequence, _, found = text.strip().partition(":")
        if not (sequence.isascii() and sequence.isdecimal() and len(found) == 64):
            raise ValueError(f"{text!r} is not a head: SEQUENCE:HASH, as `audit head` prints it")
        return cls(int(sequence), found.lower())

    def __str__(self):
        return f"{self.sequence}:{self.hash}"


def faults(rows, heads):
    """Yield (sequence, fault) for each break of the chain; `rows` are all rows in their order.

    Each of the `heads` must be a row of the chain.
    """
    # The head of the table and a kept one may have the same sequence: the row must fit both.
    wanted = {}
    for head in heads:
        wanted.setdefault(head.sequence, set()).add(head.hash)
    number, previous = 0, BEGIN
    for row in rows:
        if row.sequence <= number:
            yield row.sequence, "is a second row of that number"
        elif row.sequence > number + 1:
            yield number + 1, f"{_rows(number + 1, row.sequence - 1)} missing"
        elif row.previous != previous:
            yield row.sequence, "does not follow the row before: one of them was moved or replaced"
        if not _is_whole(row):
            yield row.sequence, "was edited: its hash does not fit its fields"
        if wanted.get(row.sequence, set()) - {row.hash}:
            yield row.sequence, "is not the row of the head that was kept: the chain was rewritten"
        number, previous = row.sequence, row.hash
    last = max(wanted, default=0)
    if last > number:
        yield number + 1, f"{_rows(number + 1, last)} missing at the end"


def _is_whole(row):
    try:
        return to_json(json.loads(row.details)) == row.details and digest(row) == row.hash
    except ValueError:
        return False


def _rows(first, last):
    return f"rows {first} to {last} are" if last > first else f"row {first} is"
