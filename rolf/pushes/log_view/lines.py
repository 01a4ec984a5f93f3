"""Read lines of a log from its chunks, without reading the rest of the log."""

from dataclasses import dataclass

from django.db.models import BinaryField
from django.db.models.functions import Substr

LONGEST = 16 * 1024  # bytes of a line; a page shows no more, the raw log has the whole line
BATCH = 64  # chunks in a query; they are fetched one at a time
_READ = ("push", "sequence", "offset", "first_line", "data", "spans")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line without its newline; `number` counts from 0, `at` is seconds since 1970.

    `whole` is False if a part of the line was left out.
    """

    number: int
    stage: int
    stream: str
    at: float
    host: str
    data: bytes
    whole: bool = True


def lines(push, first, count):
    """Return the Lines from `first` on, `count` at most. The last one may be incomplete.

    Output since the push's row was read is not included.
    """
    found, line = [], None
    chunk, following = _holding(push, first), None
    while chunk is not None:
        for piece in _pieces(chunk, first):
            line = piece if line is None else line.joined(piece)
            if line.ended:
                found.append(line.line())
                line = None
                if len(found) == count:
                    return found
        if chunk.offset + len(chunk.data) >= push.log_bytes:
            break  # the end of the log: no further query is needed
        if line is not None and line.full:
            # Skip to the end of the line: a progress bar has its last state there.
            end = _ending(push, line.number, chunk.sequence)
            line.cut = line.cut or (end is not None and end.sequence > chunk.sequence + 1)
            chunk, following = end, None
        else:
            following = following or _following(push, chunk.sequence)
            chunk = next(following, None)
    if line is not None:
        found.append(line.line())
    return found


def raw(push):
    """Yield the log's bytes, a chunk at a time."""
    sequence = -1
    while True:
        row = (
            push.chunks.filter(sequence__gt=sequence)
            .order_by("sequence")
            .values_list("sequence", "data")
            .first()
        )
        if row is None:
            return
        sequence = row[0]
        yield bytes(row[1])


def beginning(push, sequence, length):
    """Return the first bytes of the log from a chunk on, at most `length`."""
    found = b""
    head = Substr("data", 1, length, output_field=BinaryField())
    while len(found) < length:
        piece = push.chunks.filter(sequence=sequence).values_list(head, flat=True).first()
        if piece is None:
            break
        found += bytes(piece)
        sequence += 1
    return found[:length]


@dataclass
class _Piece:
    """The part of a line that is in one chunk."""

    number: int
    source: list  # stage, stream, at, host of the first byte
    data: bytes
    cut: bool
    ended: bool

    @property
    def full(self):
        return len(self.data) >= LONGEST

    def joined(self, more):
        data = self.data + more.data
        return _Piece(
            self.number,
            self.source,
            _kept(data, 0, len(data)),
            self.cut or more.cut or len(data) > LONGEST,
            more.ended,
        )

    def line(self):
        stage, stream, at, host = self.source
        return Line(
            number=self.number,
            stage=stage,
            stream=stream,
            at=at,
            host=host,
            data=self.data,
            whole=not self.cut,
        )


def _holding(push, line):
    """Return the first chunk that has a part of a line or of a later one."""
    return (
        push.chunks.only(*_READ)
        .filter(last_line__gte=line)
        .order_by("last_line", "sequence")
        .first()
    )


def _following(push, sequence):
    """Yield the chunks after one. Fetch a chunk only when it is needed."""
    before = None
    while sequence != before:
        before = sequence
        for chunk in (
            push.chunks.only(*_READ)
            .filter(sequence__gt=sequence)
            .order_by("sequence")[:BATCH]
            .iterator(chunk_size=1)
        ):
            sequence = chunk.sequence
            yield chunk


def _ending(push, line, sequence):
    """Return the chunk in which a line ends, or the last chunk if it is incomplete.

    Return None if there is no chunk after `sequence`.
    """
    later = push.chunks.only(*_READ).filter(sequence__gt=sequence)
    return (
        later.filter(last_line__gt=line).order_by("last_line", "sequence").first()
        or later.order_by("-sequence").first()
    )


def _kept(data, begin, end):
    """Return the first LONGEST bytes of a line, or the last if a carriage return overwrites it."""
    if end - begin > LONGEST and data.find(b"\r", end - LONGEST, end - 1) >= 0:
        begin = end - LONGEST
    return data[begin : min(end, begin + LONGEST)]


def _pieces(chunk, first):
    """Yield the pieces of lines in a chunk, from line `first` on."""
    data, number, at = bytes(chunk.data), chunk.first_line, 0
    sources = iter(chunk.spans)
    source, reached = None, 0
    while at < len(data):
        newline = data.find(b"\n", at)
        end = len(data) if newline < 0 else newline
        if number >= first:
            while reached <= at:
                length, *source = next(sources)
                reached += length
            yield _Piece(number, source, _kept(data, at, end), end - at > LONGEST, newline >= 0)
        number += 1
        at = end + 1
