"""Replace secrets in the output of a push with `[masked NAME]`.

Masking is nearly as fast as the output itself, because a form of a secret needs all of its bytes:
most chunks of output lack one byte of each form (memchr, a few GB/s), and need no further search.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import NamedTuple

from bootstrapper.deploy.masking.forms import SecretForm, secret_forms

_HEAD = 8  # bytes of a secret's beginning that aren't there by chance
_SMALL = 4096
_FOLDS = b"\r\n"
_WIDTHS = frozenset((60, 64, 70, 72, 76))  # of folded base64: PEM, base64(1), MIME, and others
# ECMA-48: colours and other sequences that programs write within a word (`grep --color`). One that
# is cut off at the end goes on in the next write.
_INTRODUCERS = (b"\x1b", b"\xc2\x9b")
_ESCAPE = re.compile(
    rb"(?:\x1b\[|\xc2\x9b)[0-?]{0,64}[ -/]{0,8}(?:[@-~]|\Z)"
    rb"|\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\|\x1b?\Z)"
    rb"|\x1b[ -/]{0,8}(?:[0-~]|\Z)|\xc2\Z"
)
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*[mK]")
_PER_BYTE = 24  # bytes of sequences that may stand before each byte of a secret
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")


class _Known(NamedTuple):
    """A form of a secret, the secret's name, and the set of the form's bytes."""

    name: str
    form: SecretForm
    made_of: frozenset[int]


class _Span(NamedTuple):
    """The place of a secret; without a name, a part of one that was masked before."""

    start: int
    end: int
    name: str


class SecretMasker:
    """Masks secrets; `secrets` maps a name to a value, and an empty value is ignored."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        known: dict[bytes, _Known] = {}
        for name, value in secrets.items():
            for form in secret_forms(value):
                known.setdefault(form.text, _Known(name, form, frozenset(form.text)))
        self.known = sorted(known.values(), key=lambda one: -len(one.form.text))
        self.made_of = {byte for one in self.known for byte in one.made_of}
        self.beginnings = _Beginnings(self.known)
        self.folded_beginnings = _Beginnings([one for one in self.known if one.form.folded])

    def mask(self, text: str) -> str:
        """Return a message, a variable: the whole of it."""
        if not self.known:
            return text
        masker = self.masker()
        data = text.encode(errors="surrogateescape")
        return (masker.feed(data) + masker.flush()).decode(errors="surrogateescape")

    def masker(self) -> "StreamMasker":
        """Return a new one, for one stream."""
        return StreamMasker(self)


@cache
def _pattern(form: SecretForm) -> re.Pattern[bytes]:
    """It finds all occurrences, overlapping ones included."""
    between = rb"(?:\r?\n)?" if form.folded else b""
    body = between.join(re.escape(form.text[at : at + 1]) for at in range(len(form.text)))
    return re.compile(b"(?=(" + body + b"))")


class StreamMasker:
    """Masks one stream of bytes, however it is split. It holds back only what may begin a secret."""

    def __init__(self, masking: SecretMasker) -> None:
        self._masking = masking
        self._held = b""
        self._masked = 0  # bytes of what is held that belong to a secret that was masked already
        self._bytes = sorted(masking.made_of)  # those that were missing lately come first

    def feed(self, data: bytes) -> bytes:
        """Returns what may go out."""
        if not self._masking.known or not data:
            return data
        data = self._held + data
        spans = self._spans(data)
        hold, _ = self._beginning(data)
        masked = next((span.end for span in spans if span.start < hold < span.end), hold)
        out = _masked(data[:hold], [span for span in spans if span.start < hold])
        self._held, self._masked = data[hold:], masked - hold
        return out

    def flush(self) -> bytes:
        """Return the end: what is held; a long beginning of a secret is masked as well."""
        data = self._held
        if not data:
            return b""
        spans = self._spans(data)
        start, name = self._beginning(data)
        if len(data) - start >= _HEAD:
            spans = _merged([*spans, _Span(start, len(data), name)])
        self._held, self._masked = b"", 0
        return _masked(data, spans)

    def _spans(self, data: bytes) -> list[_Span]:
        """Return the places of secrets, in order, without overlaps."""
        found = [_Span(0, self._masked, "")] if self._masked else []
        if possible := self._possible(data):
            found += self._found(data, possible)
            if any(each in data for each in _INTRODUCERS):
                plain = _Plain(data)
                found += [
                    _Span(plain.place(span.start), plain.place(span.end - 1) + 1, span.name)
                    for span in self._found(plain.text, possible)
                ]
        return _merged(found) if len(found) > 1 else found

    @staticmethod
    def _found(data: bytes, possible: Iterable[_Known]) -> list[_Span]:
        found = []
        joined = b""
        for one in possible:
            text = one.form.text
            if text not in data:
                if not one.form.folded or b"\n" not in data:
                    continue
                joined = joined or data.translate(None, _FOLDS)
                if text not in joined:
                    continue
            for match in _pattern(one.form).finditer(data):
                start, end = match.span(1)
                if one.form.before and start and data[start - 1] in _BASE64:
                    start -= 1
                if one.form.after and end < len(data) and data[end] in _BASE64:
                    end += 1
                found.append(_Span(start, end, one.name))
        return found

    def _possible(self, data: bytes) -> list[_Known]:
        """Return the forms whose bytes are all there."""
        left = self._masking.known
        if len(data) < _SMALL:
            there = frozenset(data)
            return [one for one in left if one.made_of <= there]
        missing = []
        for byte in self._bytes:
            if byte not in data:
                missing.append(byte)
                left = [one for one in left if byte not in one.made_of]
                if not left:
                    break
        if missing and self._bytes[: len(missing)] != missing:
            others = [byte for byte in self._bytes if byte not in missing]
            self._bytes = missing + others
        return left

    def _beginning(self, data: bytes) -> tuple[int, str]:
        """Return where the longest end of `data` starts that begins a secret, and the secret's name."""
        start, name = self._masking.beginnings.find(data)
        folded = self._masking.folded_beginnings
        # Lines of 60 bytes and more, each with a newline of one or two.
        tail = data[-(folded.longest + folded.longest // 30 + 4) :]
        if folded.longest and b"\n" in tail:
            joined = tail.translate(None, _FOLDS)
            index, whose = folded.find(joined)
            if index < len(joined):
                places = [at for at, byte in enumerate(tail) if byte not in _FOLDS]
                at = len(data) - len(tail) + places[index]
                likely = len(joined) - index >= _HEAD or _width(data, at) in _WIDTHS
                if likely and at < start:
                    start, name = at, whose
        tail = data[-(self._masking.beginnings.longest * _PER_BYTE + _SMALL) :]
        if tail.endswith(b"\xc2") or any(each in tail for each in _INTRODUCERS):
            plain = _Plain(tail)
            index, whose = self._masking.beginnings.find(plain.text)
            if index < len(plain.text):
                at = len(data) - len(tail) + plain.place(index)
                if at < start:
                    start, name = at, whose
        return start, name


class _Plain:
    """Bytes without escape sequences: their `text`, and the position of each byte in the original."""

    def __init__(self, data: bytes) -> None:
        self.text = _ESCAPE.sub(b"", data)
        self._data = data

    @cached_property
    def _parts(self) -> tuple[list[int], list[int]]:
        """Between the sequences: where each part ends in the text, and begins in the data."""
        ends, starts, at, length = [], [], 0, 0
        for start, end in [
            *(escape.span() for escape in _ESCAPE.finditer(self._data)),
            (len(self._data), 0),
        ]:
            if at < start:
                length += start - at
                starts.append(at)
                ends.append(length)
            at = end
        return ends, starts

    def place(self, index: int) -> int:
        """Return the position in the data of that byte of the text."""
        ends, starts = self._parts
        part = bisect_right(ends, index)
        return starts[part] + index - (ends[part - 1] if part else 0)


class _Beginnings:
    """An index of forms: short forms are looked up, long ones searched for."""

    def __init__(self, known: Iterable[_Known]) -> None:
        self._short: dict[bytes, str] = {}
        self._long: defaultdict[int, list[_Known]] = defaultdict(list)  # by a byte they have
        self.longest = 0
        for one in known:
            text = one.form.text
            self.longest = max(self.longest, len(text))
            for length in range(1, min(_HEAD, len(text))):
                self._short.setdefault(text[:length], one.name)
            if len(text) >= _HEAD:
                for byte in one.made_of:
                    self._long[byte].append(one)

    def find(self, data: bytes) -> tuple[int, str]:
        """Return the longest at the end of `data`: where it starts, and whose it is."""
        size = start = len(data)
        name = ""
        for one in self._long.get(data[-1], ()) if data else ():
            text = one.form.text
            head = text[:_HEAD]
            at = max(0, size - len(text) + (not one.form.after))
            while (at := data.find(head, at, start + _HEAD - 1)) >= 0:
                if text.startswith(data[at:]):
                    start, name = at, one.name
                    break
                at += 1
        for length in range(min(_HEAD - 1, size), 0, -1):
            if size - length < start and (found := self._short.get(data[-length:])):
                return size - length, found
        return start, name


def _width(data: bytes, at: int) -> int:
    """Of the line that holds a place."""
    end = data.find(b"\n", at)
    line = data[data.rfind(b"\n", 0, at) + 1 : end if end >= 0 else len(data)]
    return len(line.rstrip(b"\r"))


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    """Return overlapping places as one, with the name of the longest."""
    merged: list[_Span] = []
    longest = 0
    for span in sorted(spans, key=lambda one: (one.start, bool(one.name))):
        length = span.end - span.start
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            name = span.name if last.name and length > longest else last.name
            longest = max(longest, length)
            merged[-1] = _Span(last.start, max(last.end, span.end), name)
        else:
            merged.append(span)
            longest = length
    return merged


def _masked(data: bytes, spans: Iterable[_Span]) -> bytes:
    out = []
    at = 0
    for start, end, name in spans:
        out.append(data[at:start])
        if name:
            out.append(f"[masked {name}]".encode())
            out += _COLOUR.findall(data, start, end)
        at = end
    out.append(data[at:])
    return b"".join(out)
