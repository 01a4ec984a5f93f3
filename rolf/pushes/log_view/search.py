"""Search in a log, and the first error of a stage."""

import re

from ..models import STOPPED
from .chunks import WINDOW, bytes_before, bytes_from, chunk_of_line, chunks_before, chunks_from
from .index import candidates
from .lines import lines

MOST = 200  # characters; longer search text is cut


def first_hit(push, words, start, *, backwards=False, hidden=None):
    """Return the number of the first line from `start` on that has the words, or None.

    The search ignores case. It includes line `start` itself, and goes up from there if
    `backwards`. It does not find text that the Redactor `hidden` hides, because a user could
    guess that text letter by letter.
    """
    words = words[:MOST]
    if not words or "\n" in words:
        return None
    search = _Search(words, hidden if hidden and hidden.longest else None)
    for chunk in _chunks(push, words, start, backwards):
        hits = search.lines(chunk, _text(push, chunk, search))
        if backwards:
            hits = reversed(list(hits))
        for line in hits:
            if line <= start if backwards else line >= start:
                return line
    return None


class _Search:
    """The words as bytes; a letter that is not ASCII matches in either case."""

    def __init__(self, words, hidden=None):
        self.hidden = hidden
        self.needle = words.encode("utf-8", "replace").lower()
        self._pattern = None
        if not words.isascii():
            letters = [
                {
                    one.encode("utf-8", "replace").lower()
                    for one in (letter, letter.lower(), letter.upper())
                }
                for letter in words
            ]
            self._pattern = re.compile(
                b"".join(
                    b"(?:" + b"|".join(map(re.escape, sorted(letter))) + b")" for letter in letters
                )
            )
        self.reach = 2 * len(self.needle)  # the other case may take more bytes
        if hidden:
            self.reach += hidden.longest  # hidden text may begin within the words

    def may_continue(self, text):
        """Return whether a hit may begin in `text` and end in the next chunk."""
        if text.endswith(b"\n"):
            return False
        return self._pattern is not None or any(
            text.endswith(self.needle[:length]) for length in range(1, len(self.needle))
        )

    def lines(self, chunk, text):
        """Yield the numbers of the lines in which a hit begins in the chunk, each once, in order.

        `text` is the chunk and the bytes after it. Hits that begin after the chunk do not count:
        hidden text may be cut off there, and `hidden` would not recognize it.
        """
        line, counted = chunk.first_line, 0
        at = self._find(text, 0)
        while 0 <= at < len(chunk.data):
            line += text.count(b"\n", counted, at)
            counted = at
            yield line
            newline = text.find(b"\n", at)
            at = -1 if newline < 0 else self._find(text, newline)

    def _find(self, text, start):
        if self._pattern is None:
            return text.find(self.needle, start)
        found = self._pattern.search(text, start)
        return found.start() if found else -1


def _chunks(push, words, start, backwards):
    """Yield the chunks to search, from line `start` on, without those that the index excludes."""
    begin, end = 0, push.log_bytes
    here = chunk_of_line(push, start + 1 if backwards else start)
    if here is not None and backwards:  # begin with the chunk in which the line ends
        end = here.end
    elif here is not None:
        begin = here.offset
    elif not backwards:
        return
    parts = candidates(push, words)
    if parts is None:
        parts = [(0, push.log_bytes)]
    for first, last in reversed(parts) if backwards else parts:
        first, last = max(first, begin), min(last, end)
        if first < last:
            yield from _between(push, first, last, backwards)


def _between(push, first, end, backwards):
    """Yield the chunks from one offset to another."""
    if backwards:
        chunks = chunks_before(push, end)
    else:
        chunks = chunks_from(push, first, spans=False, window=min(end - first, WINDOW))
    for chunk in chunks:
        yield chunk.since(first).until(end)
        if chunk.offset <= first if backwards else chunk.end >= end:
            return


def _text(push, chunk, search):
    """Return a chunk's bytes in lower case, and the bytes after it where a hit may end."""
    data, before = chunk.data, b""
    if search.hidden:  # hidden text may begin in the chunk before
        before = bytes_before(push, chunk.offset, search.reach)
    elif not search.may_continue(data.lower()):  # saves a query, which would double the time
        return data.lower()
    after = b"" if data.endswith(b"\n") else bytes_from(push, chunk.end, search.reach)
    text = before + data + after
    if search.hidden:
        text = search.hidden.stars(text)
    return text[len(before) :].lower()


ERROR_LINES = 1000  # lines in which first_error() looks for an error word
# Programs print much else on stderr. A line with one of these words is an error.
_ERROR_WORD = re.compile(
    rb"\b(?:error|errors|failed|failure|fatal|traceback|exception|denied|refused|cannot|can't|"
    rb"not found|no such)\b|error:",
    re.IGNORECASE,
)


def first_error(push):
    """Return the number of the line that shows why a push failed, or None.

    In the output of the stage that failed, that is the first line on stderr with an error word,
    else the first line on stderr, else the last line with an error word, else the last line.
    """
    stages = (push.record or {}).get("stages", [])
    for index, stage in enumerate(stages):
        mark = push.marks.get(str(index), {})
        if stage["state"] in STOPPED and "line" in mark:
            following = [
                push.marks[str(later)]["line"]
                for later in range(index + 1, len(stages))
                if "line" in push.marks.get(str(later), {})
            ]
            return _error_line(push, mark, following[0] if following else push.log_lines)
    return None


def _error_line(push, mark, end):
    """Return the line of the error in a stage's output, which ends before line `end`."""
    if "error" in mark:
        read = lines(push, mark["error"], min(end - mark["error"], ERROR_LINES))
        errors = [
            line.number
            for line in read
            if line.stream == "stderr" and _ERROR_WORD.search(line.data)
        ]
        return errors[0] if errors else mark["error"]
    first = max(mark["line"], end - ERROR_LINES)
    errors = [
        line.number for line in lines(push, first, end - first) if _ERROR_WORD.search(line.data)
    ]
    return errors[-1] if errors else max(mark["line"], end - 1)
