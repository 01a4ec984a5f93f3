"""Render lines of a log as HTML, with the colours of a terminal."""

import re
from datetime import UTC, datetime
from itertools import groupby

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import mark_safe

from .lines import lines

COLUMNS = 4000  # characters of a line that a page shows
CUT = mark_safe('<span class="cut">…</span>')

_PLAIN = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*")
_TOKEN = re.compile(
    r"\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"  # CSI
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)"  # OSC: titles, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\|$)"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]?"  # other escapes
    r"|(?P<control>[\x00-\x08\x0a-\x1f\x7f-\x9f])"
    r"|(?P<direction>[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])"  # would reorder the text
    r"|(?P<text>[^\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+)",
    re.DOTALL,
)

# Codes that switch an attribute on and off.
_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "struck"}
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("inverse",), 29: ("struck",)}
# The sixteen colours of xterm. All other colours are mapped to the nearest one.
_PALETTE = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
]
_STEPS = (0, 95, 135, 175, 215, 255)  # of the 6 x 6 x 6 cube of 256 colours


def render(data):
    """Return the HTML of a line's bytes. Colours end with the line: pages may begin anywhere."""
    text = data.decode("utf-8", "replace")
    if _PLAIN.fullmatch(text):
        shown = escape(text[:COLUMNS])
        return mark_safe(shown + CUT) if len(text) > COLUMNS else shown  # noqa: S308 - escaped
    row = _Row()
    for token in _TOKEN.finditer(text):
        row.take(token)
    return row.html()


class _Row:
    """A row of a terminal."""

    def __init__(self):
        self._cells = []  # (character, classes)
        self._at = 0
        self._cut = False
        self._pen = {}
        self._classes = ""

    def take(self, token):
        if token["text"]:
            self._write(token["text"])
        elif token["direction"]:
            self._write("\N{REPLACEMENT CHARACTER}")
        elif token["control"] == "\r":
            self._at = 0
        elif token["control"] == "\b":
            self._at = max(0, self._at - 1)
        elif token["final"] == "m":
            self._paint(token["parameters"])
        elif token["final"]:
            self._control(token["final"], token["parameters"])

    def html(self):
        html = []
        for classes, cells in groupby(self._cells, key=lambda cell: cell[1]):
            text = escape("".join(character for character, _ in cells))
            html.append(f'<span class="{classes}">{text}</span>' if classes else text)
        return mark_safe("".join(html) + (CUT if self._cut else ""))  # noqa: S308 - escaped above

    def _write(self, text):
        room = COLUMNS - self._at
        if len(text) > room:
            self._cut, text = True, text[: max(room, 0)]
        self._reach(self._at)
        self._cells[self._at : self._at + len(text)] = [
            (character, self._classes) for character in text
        ]
        self._at += len(text)

    def _reach(self, column):
        self._cells += [(" ", "")] * (column - len(self._cells))

    def _control(self, final, parameters):
        number = _number(parameters)
        if final == "K":
            self._erase(number or 0)
        elif final == "G":
            self._at = min(max((number or 1) - 1, 0), COLUMNS)
        elif final == "C":
            self._at = min(self._at + (number or 1), COLUMNS)
        elif final == "D":
            self._at = max(self._at - (number or 1), 0)

    def _erase(self, how):
        if how == 0:
            del self._cells[self._at :]
        elif how == 1:
            count = min(self._at + 1, len(self._cells))
            self._cells[:count] = [(" ", "")] * count
        elif how == 2:
            self._cells.clear()

    def _paint(self, parameters):
        codes = [_number(code) or 0 for code in re.split("[;:]", parameters)]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self._pen.clear()
            elif code in _ON:
                self._pen[_ON[code]] = _ON[code]
            elif code in _OFF:
                for name in _OFF[code]:
                    self._pen.pop(name, None)
            elif code in (38, 48):
                self._colour("fg" if code == 38 else "bg", _extended(codes))
            else:
                self._basic(code)
        self._classes = " ".join(self._pen.values())

    def _basic(self, code):
        for kind, first, bright, default in (("fg", 30, 90, 39), ("bg", 40, 100, 49)):
            if code == default:
                self._pen.pop(kind, None)
            elif first <= code < first + 8:
                self._colour(kind, code - first)
            elif bright <= code < bright + 8:
                self._colour(kind, code - bright + 8)

    def _colour(self, kind, number):
        if number is not None:
            self._pen[kind] = f"{kind}-{number}"


def _number(digits):
    """Return a parameter as a number, or None if it is empty or too large for a terminal."""
    return int(digits) if digits.isdecimal() and len(digits) < 6 else None


def _extended(codes):
    """Remove 5;N or 2;R;G;B from the codes. Return the nearest of the sixteen colours, or None."""
    how = codes.pop(0) if codes else None
    if how == 5 and codes:
        number = min(codes.pop(0), 255)
        return number if number < 16 else _nearest(_of_256(number))
    if how == 2 and len(codes) >= 3:
        colour, codes[:3] = [min(code, 255) for code in codes[:3]], []
        return _nearest(colour)
    codes.clear()
    return None


def _of_256(number):
    if number >= 232:
        return [8 + 10 * (number - 232)] * 3
    number -= 16
    return [_STEPS[number // 36], _STEPS[number // 6 % 6], _STEPS[number % 6]]


def _nearest(colour):
    return min(
        range(16),
        key=lambda number: sum((a - b) ** 2 for a, b in zip(colour, _PALETTE[number], strict=True)),
    )


def render_lines(push, first, count, here=None):
    """Return (HTML of `count` lines from `first` on, the number of the line after them).

    Line `here` is highlighted.
    """
    read = lines(push, max(first, 0), count)
    if not read:
        return "", first
    names = {str(index): stage.name for index, stage in enumerate(push.stages)}
    begins = {
        mark["line"]: names.get(index, "") for index, mark in push.marks.items() if "line" in mark
    }
    context = []
    for line in read:
        at = datetime.fromtimestamp(line.at, UTC)
        context.append(
            {
                "number": line.number,
                "here": line.number == here,
                "stream": line.stream,
                "host": line.host,
                "iso": at.isoformat(timespec="milliseconds"),
                "clock": timezone.localtime(at).strftime("%H:%M:%S"),
                "html": render(line.data),
                "whole": line.whole,
                "begins": begins.get(line.number, ""),
            }
        )
    return render_to_string("pushes/lines.html", {"lines": context}), read[-1].number + 1
