"""What people without the edit permission don't see: where code comes from and goes to."""

import re
from functools import cached_property

from django.db.models import OuterRef, Subquery
from django.utils.html import escape

from .models import Level, Setting

HIDDEN = ("REPOSITORY", "REMOTE_HOST", "REMOTE_HOSTS")
SHORTEST = 3  # characters: "." is no secret, and stands everywhere
# A token or a password in an address, which nobody sees: a row may be older than the rule that
# refuses it.
_USERINFO = re.compile(
    r"(?<=://)(?:[^\s/@:]*:[^\s/@]+|(?<=http://)[^\s/@:]+|(?<=https://)[^\s/@:]+)@")
_TAG = r"<[^>]*>"


class Discretion:
    """Hides things in texts about a deployment from a person who has that level on it."""

    def __init__(self, deployment, level, push=None):
        """Ask nothing of the database yet. `push` may have had other settings than today."""
        self._deployment = deployment
        self._level = level
        self._push = push

    def text(self, text):
        """Return the text without what is hidden."""
        if not text:
            return text
        text = without_password(text)
        for name, value in self._values:
            text = _found(value).sub(f"[{name}]", text)
        return text

    def html(self, html):
        """Return HTML whose texts, outside of tags, are without what is hidden."""
        if not html:
            return html
        pieces = re.split(f"({_TAG})", str(html))
        for index in range(0, len(pieces), 2):
            piece = without_password(pieces[index])
            for name, value in self._values:
                piece = _found(escape(value)).sub(f"[{name}]", piece)
            pieces[index] = piece
        return "".join(pieces)

    def data(self, pieces):
        """Yield the bytes of a log, with stars for what is hidden, so that their number stays."""
        kept = b""
        for piece in pieces:
            kept = self.stars(kept + piece)
            # What is hidden may go on in the next piece.
            cut = max(len(kept) - self.longest, 0)
            ready, kept = kept[:cut], kept[cut:]
            if ready:
                yield ready
        if kept:
            yield kept

    def stars(self, data):
        """Return bytes with as many stars in place of what is hidden."""
        for _, value in self._values:
            data = data.replace(value.encode(), b"*" * len(value.encode()))
        return data

    @property
    def longest(self):
        """The bytes of the longest text that is hidden."""
        return max((len(value.encode()) for _, value in self._values), default=0)

    def load(self):
        """Ask the database for what is hidden: nothing else here does."""
        return bool(self._values)

    def _settings(self):
        known = vars(self._deployment)
        if f"concealed_{HIDDEN[0]}" in known:
            return [(name, known[f"concealed_{name}"]) for name in HIDDEN]
        return self._deployment.settings.filter(
            name__in=HIDDEN, secret=False).values_list("name", "text")

    @cached_property
    def _values(self):
        """Return what is hidden, with its name: the longest first, for one may hold another."""
        if self._level >= Level.EDIT:
            return []
        found = {}
        for name, text in self._settings():
            found |= dict.fromkeys((text or "").split(), name)
        if self._push:
            kept = (self._push.record or {}).get("settings", {})
            for name in HIDDEN:
                value = kept.get(name) or ""
                found |= dict.fromkeys([value] if isinstance(value, str) else value, name)
        for value, name in list(found.items()):
            if name != "REPOSITORY" and "@" in value:  # ssh speaks of the host alone
                found.setdefault(value.rpartition("@")[2], name)
        values = [(name, value) for value, name in found.items() if len(value) >= SHORTEST]
        return sorted(values, key=lambda pair: -len(pair[1]))


def concealed():
    """Return annotations of deployments that spare a Discretion its own query."""
    rows = Setting.objects.filter(deployment=OuterRef("pk"), secret=False)
    return {f"concealed_{name}": Subquery(rows.filter(name=name).values("text")[:1])
            for name in HIDDEN}


def without_password(text):
    """Return the text with stars for the tokens and passwords of addresses in it."""
    return _USERINFO.sub("***@", text)


def discretion(request, deployment, push=None):
    """Return the Discretion of a page's or the API's visitor; one for each request."""
    kept = vars(request).setdefault("discretions", {})
    key = (deployment.pk, push and push.pk)
    if key not in kept:
        kept[key] = Discretion(deployment, request.access.level(deployment), push)
    return kept[key]


def _found(value):
    return re.compile(rf"(?<![\w.-]){re.escape(value)}(?![\w-])")
