"""Lines of a log as a page has them."""

from datetime import UTC, datetime

from django.template.loader import render_to_string
from django.utils import timezone

from .reading import lines
from .rendering import render


def html_of(push, first, count, here=None):
    """Return (HTML of the lines from `first` on, the number of the line after them).

    `here` is the line that somebody looks for.
    """
    read = lines(push, max(first, 0), count)
    if not read:
        return "", first
    names = _stages(push)
    begins = {mark["line"]: int(index) for index, mark in push.marks.items() if "line" in mark}
    told = []
    for line in read:
        at = datetime.fromtimestamp(line.at, UTC)
        told.append({
            "number": line.number, "here": line.number == here,
            "stream": line.stream, "host": line.host,
            "iso": at.isoformat(timespec="milliseconds"),
            "clock": timezone.localtime(at).strftime("%H:%M:%S"),
            "html": render(line.data), "whole": line.whole,
            "begins": names[begins[line.number]] if begins.get(line.number) is not None
            and begins[line.number] < len(names) else ""})
    return render_to_string("pushes/lines.html", {"lines": told}), read[-1].number + 1


def _stages(push):
    """Return the stages' names, by their index."""
    return [stage["name"] for stage in (push.record or push.snapshot or {}).get("stages", [])]
