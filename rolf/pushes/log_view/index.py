"""The index of a long log: a search then reads a few kilobytes instead of the whole log.

Each four consecutive bytes of the log, ASCII letters in lower case, are hashed into one of BUCKETS
buckets. For each bucket and each part of the log, the index keeps one bit: whether any four bytes
of that part are in that bucket. A part that contains the words has the bits of all their buckets,
so the search reads only such parts.
"""

from django.db import transaction

from ..models import LogIndex, LogIndexRow
from .chunks import bytes_from, chunks_from

WORTH = 1024 * 1024  # bytes; a shorter log gets no index
BUCKETS = 2**18
RUN = 64  # buckets whose bits are in one row
PART = 256 * 1024  # bytes of a part, at least
REACH = 2048  # bytes; more than the words of a search can have
MOST_PARTS = 512
WINDOW = 4

_SPREAD = 0x9E3779B1  # 2^32 divided by the golden ratio: Knuth's multiplicative hashing
_SHIFT = 32 - 18


def build(push):
    """Create or replace the index of a push that has ended, if its log is long enough."""
    if push.log_bytes < WORTH:
        return
    parts, columns, column, used = [], [], 0, 0
    for first, data in _parts(push):
        parts.append(first)
        # A byte for each bucket, 0 or 1. Eight parts share such a byte, one bit each.
        column |= int.from_bytes(_touched(data), "little") << used
        used += 1
        if used == 8:
            columns.append(column.to_bytes(BUCKETS, "little"))
            column = used = 0
    if used:
        columns.append(column.to_bytes(BUCKETS, "little"))
    bits = bytearray(BUCKETS * len(columns))
    for number, column in enumerate(columns):
        bits[number :: len(columns)] = column
    _keep(push, parts, bytes(bits), RUN * len(columns))


def candidates(push, words):
    """Return the ranges [first, end) of the log's bytes that may have the words, in order.

    A log that has grown since has its new bytes in the last range. Return None if the index
    cannot tell: the log has none, or no WINDOW of the words is the same bytes in either case.
    """
    buckets = {_bucket(int.from_bytes(window, "little")) for window in _windows(words)}
    # An older release counted the parts in chunks and left `bytes` at 0; `finish` builds it again.
    index = LogIndex.objects.filter(push=push, bytes__gt=0).first() if buckets else None
    if index is None:
        return None
    width = (len(index.parts) + 7) // 8
    rows = dict(
        index.rows.filter(number__in={bucket // RUN for bucket in buckets}).values_list(
            "number", "bits"
        )
    )
    common = (1 << 8 * width) - 1
    for bucket in buckets:
        row = bytes(rows.get(bucket // RUN, b""))
        at = bucket % RUN * width
        common &= int.from_bytes(row[at : at + width], "little")
    ends = [*index.parts[1:], index.bytes]
    found = [
        (first, end)
        for number, (first, end) in enumerate(zip(index.parts, ends, strict=True))
        if common >> number & 1
    ]
    if index.bytes < push.log_bytes:
        found.append((index.bytes, push.log_bytes))
    return found


def _windows(words):
    """Return each WINDOW bytes of the words that stand in the log whatever its letters' case is."""
    # A newline is in no words: here it is in the place of letters of which there are two.
    letters = (one if one.isascii() or one.lower() == one.upper() else "\n" for one in words)
    data = "".join(letters).encode("utf-8", "replace").lower()
    windows = (data[at : at + WINDOW] for at in range(len(data) - WINDOW + 1))
    return [window for window in windows if b"\n" not in window]


def _parts(push):
    """Yield (offset, bytes) of each part, with REACH bytes of the next one.

    So whatever begins in a part is in its bytes: under a flood of output, chunks hardly ever end
    at the end of a line.
    """
    size = max(PART, push.log_bytes // MOST_PARTS)
    first, data = 0, bytearray()
    for chunk in chunks_from(push, 0, spans=False):
        if len(data) >= size:
            yield first, bytes(data) + bytes_from(push, chunk.offset, REACH)
            first, data = chunk.offset, bytearray()
        data += chunk.data
    yield first, bytes(data)


def _touched(data):
    """Return a byte for each bucket: 1 if four bytes of the data are in it, else 0."""
    data = data.lower()
    found = set()
    for shift in range(WINDOW):
        end = len(data) - (len(data) - shift) % WINDOW
        found.update(memoryview(data)[shift:end].cast("I"))
    touched = bytearray(BUCKETS)
    for window in found:
        touched[window * _SPREAD >> _SHIFT & BUCKETS - 1] = 1
    return touched


def _bucket(window):
    return window * _SPREAD >> _SHIFT & BUCKETS - 1


@transaction.atomic
def _keep(push, parts, bits, length):
    LogIndex.objects.filter(push=push).delete()
    index = LogIndex.objects.create(push=push, bytes=push.log_bytes, parts=parts)
    rows = (
        (number, bits[at : at + length]) for number, at in enumerate(range(0, len(bits), length))
    )
    LogIndexRow.objects.bulk_create(
        (LogIndexRow(index=index, number=number, bits=row) for number, row in rows if any(row)),
        batch_size=500,
    )
