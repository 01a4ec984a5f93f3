"""What is new about a push since somebody looked: the same for streams and for polling."""

import hashlib
from dataclasses import dataclass

from bootstrapper.deploy.events.event import State
from bootstrapper.errors import InputError
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from deployments.models import Level
from deployments.redaction import Discretion
from history.paging import to_int

from ..converters import Address
from ..log_view.html import html_of
from ..log_view.search import first_error
from ..models import Push
from ..rollback import is_live, target_of

TAIL = 500  # lines at most: who is further behind gets the last ones, and fetches what it shows


@dataclass(frozen=True)
class Cursor:
    """How far somebody has seen: whole lines of the log, and which panel."""

    lines: int = 0
    panel: str = ""

    @classmethod
    def parse(cls, text):
        """Return the cursor that a browser sends back; the beginning if it is none of ours."""
        lines, _, panel = (text or "").partition(".")
        return cls() if to_int(lines) is None else cls(to_int(lines), panel)

    def __str__(self):
        return f"{self.lines}.{self.panel}"


def news(push_id, cursor, level):
    """Return (what a page puts in place, the next cursor); None for the first if nothing is new.

    `first` and `html` are lines that replace what the page has from that line on, the open last
    line among them; `total` is how many lines there are; `panel` is None where it is the same,
    else `error` is the line of the first error, if there is one, and `address` stands for the push
    in its page's address by now.
    """
    # The snapshot, which holds all stages' code, is read only where there is no record yet.
    push = Push.objects.with_ends().select_related("deployment__application").defer(
        "snapshot").get(pk=push_id)
    panel = panel_of(push, level)
    mark = digest(panel)
    told = {"cursor": "", "first": None, "html": "", "panel": None, "title": "", "heading": "",
            "address": "", "error": None, "total": push.log_lines, "active": push.active}
    if mark != cursor.panel:
        told |= {"panel": panel, "heading": push.heading, "address": Address.of(push).text,
                 "error": first_error(push),
                 "title": f"{push.display_state} · {push} of {push.deployment}"}
    first = max(min(cursor.lines, push.log_lines), push.log_lines - TAIL)
    html, last = html_of(push, first, TAIL + 1)
    html = Discretion(push.deployment, level, push).html(html)
    if last > first:
        told |= {"first": first, "html": html, "total": last}
    following = Cursor(push.log_lines, mark)
    told["cursor"] = str(following)
    if following == cursor and not html:
        return None, following
    return told, following


def panel_of(push, level):
    """Return what stands beside the log: state, stages, what can be done."""
    record = push.engine_record
    stages = record.stages if record else ()
    may_push = level >= Level.PUSH
    live, undo = _way_back(push) if may_push and push.state == State.SUCCEEDED else (False, None)
    panel = render_to_string("pushes/panel.html", {
        "live": live, "undo": undo,
        "push": push, "deployment": push.deployment,
        "stages": [(index, stage, push.marks.get(str(index), {}))
                   for index, stage in enumerate(stages)],
        "planned": (push.snapshot or {}).get("stages", []) if not record else [],
        "may_push": may_push, "facts": record})
    return mark_safe(Discretion(push.deployment, level, push).html(panel))  # noqa: S308 - rendered


def _way_back(push):
    """Return whether the push's code is live, and the push that a rollback would return to then.

    The second is None where there is none, or where Rolf has no page of it.
    """
    if not is_live(push.deployment, push):
        return False, None
    try:
        target, _ = target_of(push.deployment)
    except InputError:
        return True, None
    return True, target if target.pk else None


def digest(panel):
    """Return what tells one panel from another."""
    return hashlib.sha256(panel.encode()).hexdigest()[:12]
