"""The index of a long log: a search then reads a few kilobytes instead of the whole log.

Every four bytes that follow one another (capitals of ASCII made small) fall into one of BUCKETS
buckets. For each bucket the index has a bit for each part of the log: whether something of that
part fell into it. What a part contains has all its buckets there; the few parts for which that is
so are then read.
"""

from django.db import transaction

from ..models import LogIndex, LogIndexRow

WORTH = 1024 * 1024  # bytes of a log from which on it is worth an index
BUCKETS = 2**18
RUN = 64  # buckets whose bits lie in one row
PART = 128 * 1024  # bytes of a part at least
REACH = 2048  # bytes: as far as a search's words can go on in the part that follows
MOST_PARTS = 512
WINDOW = 4

_SPREAD = 0x9E3779B1  # 2^32 divided by the golden ratio: Knuth's multiplicative hashing
_SHIFT = 32 - 18


def build(push):
    """Make the index of a push that has ended, where its log is long enough; again if need be."""
    if push.log_bytes < WORTH:
        return
    parts, columns, column, used = [], [], 0, 0
    for first, data in _parts(push):
        parts.append(first)
        # A byte for each bucket, 0 or 1; shifted by the part's place among eight it is a bit.
        column |= int.from_bytes(_touched(data), "little") << used
        used += 1
        if used == 8:
            columns.append(column.to_bytes(BUCKETS, "little"))
            column = used = 0
    if used:
        columns.append(column.to_bytes(BUCKETS, "little"))
    bits = bytearray(BUCKETS * len(columns))
    for number, told in enumerate(columns):
        bits[number::len(columns)] = told
    _keep(push, parts, bytes(bits), RUN * len(columns))


def candidates(push, needle):
    """Return the sequences of chunks that parts begin with which may have `needle`, and their ends.

    [(first, end)...] in order, `end` None for the last part; None where the index can't tell.
    """
    buckets = {_bucket(int.from_bytes(needle[at:at + WINDOW], "little"))
               for at in range(len(needle) - WINDOW + 1)
               if needle[at:at + WINDOW].isascii()}
    index = LogIndex.objects.filter(push=push).first() if buckets else None
    if index is None:
        return None
    width = (len(index.parts) + 7) // 8
    rows = dict(index.rows.filter(number__in={bucket // RUN for bucket in buckets}).values_list(
        "number", "bits"))
    common = (1 << 8 * width) - 1
    for bucket in buckets:
        row = bytes(rows.get(bucket // RUN, b""))
        at = bucket % RUN * width
        common &= int.from_bytes(row[at:at + width], "little")
    ends = [*index.parts[1:], None]
    return [(first, end) for number, (first, end) in enumerate(
        zip(index.parts, ends, strict=True)) if common >> number & 1]


def _parts(push):
    """Give (sequence of its first chunk, bytes) of each part, and of what follows it REACH bytes.

    So all that begins in a part is in it, wherever chunks end: under a flood of output, that is
    hardly ever at the end of a line.
    """
    size = max(PART, push.log_bytes // MOST_PARTS)
    first, data = None, bytearray()
    following, end = None, 0  # where the next part begins: its sequence, and in `data`
    for sequence, piece in push.chunks.order_by("sequence").values_list(
            "sequence", "data").iterator(chunk_size=4):
        if first is None:
            first = sequence
        elif following is None and len(data) >= size:
            following, end = sequence, len(data)
        data += piece
        if following is not None and len(data) >= end + REACH:
            yield first, bytes(data[:end + REACH])
            del data[:end]
            first, following = following, None
    if first is not None:
        yield first, bytes(data)
    if following is not None:
        yield following, bytes(data[end:])


def _touched(data):
    """Return a byte for each bucket: 1 where something of the data falls into it."""
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
    index = LogIndex.objects.create(push=push, parts=parts)
    rows = ((number, bits[at:at + length])
            for number, at in enumerate(range(0, len(bits), length)))
    LogIndexRow.objects.bulk_create(
        (LogIndexRow(index=index, number=number, bits=told) for number, told in rows if any(told)),
        batch_size=500)
