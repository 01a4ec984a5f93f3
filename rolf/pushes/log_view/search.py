"""Search in a log, and the first error of a stage."""

import re

from bootstrapper.deploy.events.event import State

from .index import candidates
from .lines import beginning, lines

MOST = 200  # characters that are searched for


def first_hit(push, words, start, *, backwards=False, hidden=None):
    """Return the number of the first line from `start` on that has the words, or None.

    The search ignores case. It includes line `start` itself, and goes up from there if
    `backwards`. It does not find what the Discretion `hidden` hides: a person could guess that,
    letter by letter.
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
            letters = [{one.encode("utf-8", "replace").lower() for one in (
                letter, letter.lower(), letter.upper())} for letter in words]
            self._pattern = re.compile(b"".join(
                b"(?:" + b"|".join(map(re.escape, sorted(letter))) + b")" for letter in letters))
        self.reach = 2 * len(self.needle)  # the other case may take more bytes
        if hidden:
            self.reach += hidden.longest  # what is hidden may begin within the words

    def may_go_on(self, text):
        """Tell whether it may begin in `text` and end in what follows."""
        if text.endswith(b"\n"):
            return False
        return self._pattern is not None or any(
            text.endswith(self.needle[:length]) for length in range(1, len(self.needle)))

    def lines(self, chunk, text):
        """Yield the numbers of the lines in which a hit begins in the chunk, each once, in order.

        `text` goes on after the chunk. What begins there may be cut off at the end of the text,
        and then `hidden` does not recognize it.
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
    """Give the chunks to look through, from the one of a line on; not those that can't have it."""
    chunks = push.chunks.only("push", "sequence", "first_line", "data")
    chunks = chunks.order_by("-sequence" if backwards else "sequence")
    # Backwards from the chunk in which the line ends, forwards from that in which it begins.
    bound = {"last_line__gt": start} if backwards else {"last_line__gte": start}
    here = push.chunks.filter(**bound).order_by("last_line", "sequence").values_list(
        "sequence", flat=True).first()
    if here is not None:
        chunks = chunks.filter(**{"sequence__lte" if backwards else "sequence__gte": here})
    elif not backwards:
        return
    parts = candidates(push, words)
    if parts is None:
        yield from chunks.iterator(chunk_size=1)
        return
    for first, end in reversed(parts) if backwards else parts:
        part = chunks.filter(sequence__gte=first)
        yield from (part if end is None else part.filter(sequence__lt=end)).iterator(chunk_size=1)


def _text(push, chunk, search):
    """Return a chunk's bytes in lower case, and those after it that a hit may go on in."""
    data, before = bytes(chunk.data), b""
    if search.hidden:  # what is hidden may begin in the chunk before
        before = _before(push, chunk.sequence, search.reach)
    elif not search.may_go_on(data.lower()):  # a query for each chunk takes twice the time
        return data.lower()
    after = b"" if data.endswith(b"\n") else beginning(push, chunk.sequence + 1, search.reach)
    text = before + data + after
    if search.hidden:
        text = search.hidden.stars(text)
    return text[len(before):].lower()


def _before(push, sequence, reach):
    """Return the last bytes before a chunk, at most `reach`."""
    chunks = push.chunks.filter(sequence__lt=sequence).order_by("-sequence")
    found = b""
    for data in chunks.values_list("data", flat=True).iterator(chunk_size=1):
        found = bytes(data)[-reach:] + found
        if len(found) >= reach:
            break
    return found[-reach:]


LOOKED_AT = 1000  # lines that are read for a word of alarm
BAD = (State.FAILED, State.LOST, State.CANCELLED)
# Much that is said on stderr is none: these words tell what is.
_ALARM = re.compile(
    rb"\b(?:error|errors|failed|failure|fatal|traceback|exception|denied|refused|cannot|can't|"
    rb"not found|no such)\b|error:", re.IGNORECASE)


def first_error(push):
    """Return the line where a push says why it ended badly; None where there is no such line.

    Of the stage that failed it is the first line on stderr with a word of alarm, else the first
    on stderr, else the last line with such a word, else the last.
    """
    stages = (push.record or {}).get("stages", [])
    for index, stage in enumerate(stages):
        mark = push.marks.get(str(index), {})
        if stage["state"] in BAD and "line" in mark:
            following = [push.marks[str(later)]["line"] for later in range(index + 1, len(stages))
                         if "line" in push.marks.get(str(later), {})]
            return _of_stage(push, mark, following[0] if following else push.log_lines)
    return None


def _of_stage(push, mark, end):
    if "error" in mark:
        said = lines(push, mark["error"], min(end - mark["error"], LOOKED_AT))
        alarms = [line.number for line in said
                  if line.stream == "stderr" and _ALARM.search(line.data)]
        return alarms[0] if alarms else mark["error"]
    first = max(mark["line"], end - LOOKED_AT)
    alarms = [line.number for line in lines(push, first, end - first) if _ALARM.search(line.data)]
    return alarms[-1] if alarms else max(mark["line"], end - 1)
