"""The changes of a push since a page last received any. Streams and polling share this."""

import hashlib
from dataclasses import dataclass

from bootstrapper.deploy.events.event import State
from bootstrapper.errors import InputError
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from deployments.models import Level
from deployments.redaction import Redactor
from deployments.work_place import readable
from history.paging import to_int

from ..claims import lacks_worker
from ..converters import Address
from ..log_view.html import render_lines
from ..log_view.search import first_error
from ..models import Push
from ..rollback import is_live, target_of
from ..store.objects import StoreError

TAIL = 500  # lines in one response; a page that is further behind gets only the last ones


@dataclass(frozen=True)
class Cursor:
    """What a page shows: how many complete lines of the log, and which panel (its digest)."""

    lines: int = 0
    panel: str = ""

    @classmethod
    def parse(cls, text):
        """Return the cursor that a browser sent; the beginning of the log if it is invalid."""
        lines, _, panel = (text or "").partition(".")
        return cls() if to_int(lines) is None else cls(to_int(lines), panel)

    def __str__(self):
        return f"{self.lines}.{self.panel}"


def news(push_id, cursor, level):
    """Return (changes as a dictionary, the next cursor); the changes are None if there are none.

    `html` replaces the lines of the page from `first` on, and includes an incomplete last line.
    `total` is the number of lines in the log. `panel` is None if it has not changed. If it has,
    `error` is the line of the first error or None, `address` is the current Address of the push,
    and `heading` and `title` are those of the page.
    """
    # The snapshot has the code of all stages. It is read only if there is no record yet.
    push = (
        Push.objects.with_ends()
        .select_related("deployment__application")
        .defer("snapshot")
        .get(pk=push_id)
    )
    panel = render_panel(push, level)
    panel_digest = digest(panel)
    changes = {
        "cursor": "",
        "first": None,
        "html": "",
        "panel": None,
        "title": "",
        "heading": "",
        "address": "",
        "error": None,
        "total": push.log_lines,
        "active": push.active,
    }
    if panel_digest != cursor.panel:
        changes |= {
            "panel": panel,
            "heading": push.heading,
            "address": Address.of(push).text,
            "error": _first_error(push),
            "title": f"{push.display_state} · {push} of {push.deployment}",
        }
    first = max(min(cursor.lines, push.log_lines), push.log_lines - TAIL)
    try:
        html, last = render_lines(push, first, TAIL + 1)
    except StoreError:  # a push that has ended; its page shows that the store does not answer
        html, last = "", first
    html = Redactor(push.deployment, level, push).html(html)
    if last > first:
        changes |= {"first": first, "html": html, "total": last}
    following = Cursor(push.log_lines, panel_digest)
    changes["cursor"] = str(following)
    if following == cursor and not html:
        return None, following
    return changes, following


def _first_error(push):
    """Return the line of the first error, or None, also if the store of logs does not answer."""
    try:
        return first_error(push)
    except StoreError:
        return None


def render_panel(push, level):
    """Return the HTML beside the log: the state, the stages, and the actions of the user."""
    panel = _panels.get(push, may_push=level >= Level.PUSH)
    return mark_safe(Redactor(push.deployment, level, push).html(panel))  # noqa: S308 - rendered


class _Panels:
    """The panels of pushes that run, without redaction. Most news of them is output alone."""

    # The panel does not show what changes with the output, and the snapshot only while there is no
    # record.
    NOT_SHOWN = frozenset({"log_lines", "log_bytes", "joined_bytes", "version", "snapshot"})
    MOST = 500

    def __init__(self):
        self._kept = {}  # by (push, may_push): (row, panel)

    def get(self, push, *, may_push):
        """Return the panel of a push, rendered again only if its row has changed."""
        # The panel of a push that doesn't run depends on other pushes and on workers.
        if push.effective_state != State.RUNNING:
            return _rendered(push, may_push)
        key, row = (push.pk, may_push), self._row(push)
        kept, panel = self._kept.get(key, (None, ""))
        if kept != row:
            panel = _rendered(push, may_push)
            if len(self._kept) >= self.MOST:
                self._kept.clear()
            self._kept[key] = row, panel
        return panel

    def _row(self, push):
        return {
            field.attname: getattr(push, field.attname)
            for field in push._meta.concrete_fields
            if field.attname not in self.NOT_SHOWN
        }


_panels = _Panels()


def _rendered(push, may_push):
    live, undo = _rollback_of(push) if may_push and push.state == State.SUCCEEDED else (False, None)
    return render_to_string(
        "pushes/panel.html",
        {
            "live": live,
            "undo": undo,
            "push": push,
            "deployment": push.deployment,
            "stages": [
                (stage, push.marks.get(str(index), {})) for index, stage in enumerate(push.stages)
            ],
            "may_push": may_push,
            "lacks_worker": lacks_worker(push),
            "kept_on": "" if push.checkout else readable(push.kept_on),
        },
    )


def _rollback_of(push):
    """Return (whether the push is live, the push that its rollback would return to or None).

    The second is also None if the command line made that push, because Rolf has no page of it.
    """
    if not is_live(push.deployment, push):
        return False, None
    try:
        target, _ = target_of(push.deployment)
    except InputError:
        return True, None
    return True, target if target.pk else None


def digest(panel):
    """Return a short hash of a panel, for the cursor."""
    return hashlib.sha256(panel.encode()).hexdigest()[:12]
