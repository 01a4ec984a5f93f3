"""Read the chunks of a log by their place in it.

The daily maintenance joins chunks and moves them into a store while others read them. So a reader
never names a chunk: it asks for the byte or the line where it goes on.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from ..logs import frames

_FIELDS = ("spans", "push", "offset", "first_line", "data", "digest")
BATCH = 64  # chunks in a query, at most
WINDOW = 1024 * 1024  # bytes in a query, and what the last chunk has beyond that


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A piece of a log in memory: what LogChunk has, from some byte on."""

    offset: int
    first_line: int
    data: bytes
    written_spans: list | bytes  # bytes are as in a frame
    skipped: int = 0  # bytes before `data` that the spans describe, too

    @property
    def end(self):
        """The offset of the byte after it."""
        return self.offset + len(self.data)

    @cached_property
    def spans(self):
        """The spans of `data`."""
        spans = self.written_spans
        if isinstance(spans, bytes):
            spans = frames.unpack_spans(spans)
        return cut_spans(spans, self.skipped, self.skipped + len(self.data))

    def until(self, end):
        """Return the chunk without the bytes from the offset `end` on."""
        return replace(self, data=self.data[: end - self.offset]) if end < self.end else self

    def since(self, offset):
        """Return the chunk from the byte `offset` on."""
        cut = offset - self.offset
        if cut <= 0:
            return self
        return replace(
            self,
            offset=offset,
            first_line=self.first_line + self.data.count(b"\n", 0, cut),
            data=self.data[cut:],
            skipped=self.skipped + cut,
        )


def cut_spans(spans, begin, end):
    """Return the spans of the bytes from `begin` to `end` of those that `spans` describe."""
    found, at = [], 0
    for length, *source in spans:
        first, last = max(at, begin), min(at + length, end)
        if first < last:
            found.append([last - first, *source])
        at += length
    return found


def chunk_at(push, offset, *, spans=True):
    """Return the Chunk from the byte `offset` on, or None at the end of the log."""
    row = _rows(push, spans).filter(offset__lte=offset).order_by("-offset").first()
    chunk = _read(push, row)
    return chunk.since(offset) if chunk and chunk.end > offset else None


def chunks_from(push, offset, *, spans=True, window=WINDOW, ahead=False):
    """Yield Chunks from the byte `offset` on, without gaps; fetch them when they are needed.

    A query fetches the chunks that begin within `window` bytes. PostgreSQL would copy all rows of
    a cursor that is open between two statements. With `ahead`, for a reader of the whole log, all
    these chunks are read from the store at once.
    """
    while offset < push.log_bytes:
        began = offset
        rows = _rows(push, spans).filter(offset__gte=offset, offset__lt=offset + window)
        rows = list(rows.order_by("offset")[:BATCH])
        reading = frames.read_ahead(rows) if ahead else {}
        for row in rows:
            if row.offset != offset:
                break
            chunk = _read(push, row, reading.get(row.pk))
            offset = chunk.end
            yield chunk
        if offset == began:  # the chunk that has this byte begins before it
            chunk = chunk_at(push, offset, spans=spans)
            if chunk is None:
                return
            offset = chunk.end
            yield chunk


def chunks_before(push, offset):
    """Yield Chunks up to the byte before `offset`, the last one first, without their spans."""
    while offset > 0:
        row = _rows(push, False).filter(offset__lt=offset).order_by("-offset").first()
        if row is None:
            return
        chunk = _read(push, row).until(offset)
        yield chunk
        offset = chunk.offset


def chunk_of_line(push, line):
    """Return the first Chunk that has a part of a line or of a later one, or None."""
    rows = _rows(push, True).filter(last_line__gte=line)
    row = rows.order_by("last_line", "offset").first()
    return _read(push, row)


def chunk_of_line_end(push, line, offset):
    """Return the Chunk from `offset` on in which a line ends, or the last one.

    Return None if there is no chunk that begins at or after `offset`.
    """
    later = _rows(push, True).filter(offset__gte=offset)
    row = (
        later.filter(last_line__gt=line).order_by("last_line", "offset").first()
        or later.order_by("-offset").first()
    )
    return _read(push, row)


def bytes_from(push, offset, length):
    """Return `length` bytes of the log from `offset` on, or fewer at its end."""
    found = b""
    for chunk in chunks_from(push, offset, spans=False, window=min(length, WINDOW)):
        found += chunk.data[: length - len(found)]
        if len(found) >= length:
            break
    return found


def bytes_before(push, offset, length):
    """Return the last `length` bytes before `offset`, or fewer at the beginning of the log."""
    found = b""
    for chunk in chunks_before(push, offset):
        found = chunk.data[-(length - len(found)) :] + found
        if len(found) >= length:
            break
    return found


def _rows(push, spans):
    """Return the rows that existed when the push's row was read."""
    rows = push.chunks.filter(offset__lt=push.log_bytes)
    return rows.only(*(_FIELDS if spans else _FIELDS[1:]))


def _read(push, row, reading=None):
    """Return the Chunk of a row, without output since the push's row was read."""
    if row is None:
        return None
    if reading:
        data, spans = reading.result()
    elif row.digest:
        data, spans = frames.read(row.push_id, row.offset, bytes(row.digest))
    else:
        data = bytes(row.data)
        spans = [] if "spans" in row.get_deferred_fields() else row.spans
    return Chunk(
        offset=row.offset, first_line=row.first_line, data=data, written_spans=spans
    ).until(push.log_bytes)
