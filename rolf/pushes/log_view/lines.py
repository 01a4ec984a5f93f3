"""Read lines of a log from its chunks, without reading the rest of the log."""

from dataclasses import dataclass

from .chunks import chunk_of_line, chunk_of_line_end, chunks_from

LONGEST = 16 * 1024  # bytes of a line; a page shows no more, the raw log has the whole line


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
    chunk, following = chunk_of_line(push, first), None
    while chunk is not None:
        for piece in _pieces(chunk, first):
            line = piece if line is None else line.joined(piece)
            if line.ended:
                found.append(line.line())
                line = None
                if len(found) == count:
                    return found
        if chunk.end >= push.log_bytes:
            break  # the end of the log: no further query is needed
        if line is not None and line.full:
            # Skip to the end of the line: a progress bar has its last state there.
            end = chunk_of_line_end(push, line.number, chunk.end)
            line.cut = line.cut or (end is not None and end.offset > chunk.end)
            chunk, following = end, None
        else:
            following = following or chunks_from(push, chunk.end)
            chunk = next(following, None)
    if line is not None:
        found.append(line.line())
    return found


def raw(push):
    """Yield the log's bytes, a chunk at a time."""
    for chunk in chunks_from(push, 0, spans=False, ahead=True):
        yield chunk.data


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


def _kept(data, begin, end):
    """Return the first LONGEST bytes of a line, or the last if a carriage return overwrites it."""
    if end - begin > LONGEST and data.find(b"\r", end - LONGEST, end - 1) >= 0:
        begin = end - LONGEST
    return data[begin : min(end, begin + LONGEST)]


def _pieces(chunk, first):
    """Yield the pieces of lines in a chunk, from line `first` on."""
    data, number, at = chunk.data, chunk.first_line, 0
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
