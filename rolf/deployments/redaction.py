"""Hide repositories and hosts from users without the edit permission."""

import re
from functools import cached_property, lru_cache

from django.db.models import OuterRef, Subquery
from django.utils.html import escape

from .models import Level, Setting

HIDDEN = ("REPOSITORY", "REMOTE_HOST", "REMOTE_HOSTS")
SHORTEST = 3  # characters: a value such as "." occurs everywhere
# A token or password in a URL. Nobody may see it; old rows may have some, because the rule that
# refuses them is newer.
_USERINFO = r"(?<=://)(?:[^\s/@:]*:[^\s/@]+|(?<=http://)[^\s/@:]+|(?<=https://)[^\s/@:]+)@"
_USERINFO_OF_TEXT, _USERINFO_OF_DATA = re.compile(_USERINFO), re.compile(_USERINFO.encode())
_TAG = re.compile(r"<[^>]*>")
# These tags may stand within a word, as in colored output of grep.
_INLINE = re.compile(r"</?(?:b|bdi|code|em|i|mark|s|span|strong|u)\b")
_ESCAPE = rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))"
ESCAPES = 256  # bytes of escape codes that may stand within one value
# Stand-ins for tags: one within a word, one between words.
_WITHIN, _BETWEEN = "\0", "\x1f"


class Redactor:
    """Hide values in texts about a deployment from a user with that level."""

    def __init__(self, deployment, level, push=None):
        """Make no query yet. A `push` may have had other settings than the deployment has now."""
        self._deployment = deployment
        self._level = level
        self._push = push

    def text(self, text):
        """Return the text with [NAME] in place of hidden values."""
        if not text:
            return text
        text = without_password(text)
        for name, value in self._values:
            text = _found(value).sub(f"[{name}]", text)
        return text

    def html(self, html):
        """Return HTML with [NAME] in place of hidden values outside of tags."""
        if not html:
            return html
        html = re.sub(f"[{_WITHIN}{_BETWEEN}]", "\ufffd", str(html))
        tags = _TAG.findall(html)
        text = _TAG.sub(lambda tag: _WITHIN if _INLINE.match(tag[0]) else _BETWEEN, html)
        text = _USERINFO_OF_TEXT.sub(_instead("***@"), text)
        for name, value in self._values:
            text = _found(escape(value)).sub(_instead(f"[{name}]"), text)
        tags = iter(tags)
        return re.sub(f"[{_WITHIN}{_BETWEEN}]", lambda _: next(tags), text)

    def data(self, pieces):
        """Yield the bytes of a log with stars in place of hidden values; the length stays."""
        kept = b""
        for piece in pieces:
            kept = self.stars(kept + piece)
            # A hidden value may continue in the next piece.
            cut = max(len(kept) - max(self.longest, ESCAPES), 0)
            ready, kept = kept[:cut], kept[cut:]
            if ready:
                yield ready
        if kept:
            yield kept

    def stars(self, data):
        """Return the bytes with as many stars in place of hidden values."""
        for _, value in self._values:
            data = data.replace(value.encode(), b"*" * len(value.encode()))
            if b"\x1b" in data:
                data = _interrupted(value.encode()).sub(_stars, data)
        return _USERINFO_OF_DATA.sub(_stars, data) if b"://" in data else data

    @property
    def longest(self):
        """The length of the longest hidden value with escape codes, in bytes; 0 without any."""
        return max((len(value.encode()) + ESCAPES for _, value in self._values), default=0)

    def load(self):
        """Query the hidden values now, so that later calls make no query."""
        return bool(self._values)

    def _settings(self):
        known = vars(self._deployment)
        if f"hidden_{HIDDEN[0]}" in known:
            return [(name, known[f"hidden_{name}"]) for name in HIDDEN]
        return self._deployment.settings.filter(name__in=HIDDEN, secret=False).values_list(
            "name", "text"
        )

    @cached_property
    def _values(self):
        """Return (name, value) of hidden values, the longest first: one may contain another."""
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
            if name != "REPOSITORY" and "@" in value:  # ssh prints the host without the user
                found.setdefault(value.rpartition("@")[2], name)
        values = [(name, value) for value, name in found.items() if len(value) >= SHORTEST]
        return sorted(values, key=lambda pair: -len(pair[1]))


def hidden_settings():
    """Return annotations of deployments that save a Redactor its query."""
    rows = Setting.objects.filter(deployment=OuterRef("pk"), secret=False)
    return {
        f"hidden_{name}": Subquery(rows.filter(name=name).values("text")[:1]) for name in HIDDEN
    }


def without_password(text):
    """Return the text with stars in place of tokens and passwords in URLs."""
    return _USERINFO_OF_TEXT.sub("***@", text)


def redactor(request, deployment, push=None):
    """Return the Redactor of the user of a request, which caches it."""
    kept = vars(request).setdefault("redactors", {})
    key = (deployment.pk, push and push.pk)
    if key not in kept:
        kept[key] = Redactor(deployment, request.access.level(deployment), push)
    return kept[key]


def _found(value):
    letters = f"{_WITHIN}*".join(map(re.escape, value))
    return re.compile(rf"(?<![\w.-]){letters}(?![\w-])")


def _instead(words):
    """Return the replacement for re.sub: the words, and the tags that were within the match."""
    return lambda match: words + _WITHIN * match[0].count(_WITHIN)


@lru_cache(64)
def _interrupted(value):
    """Return a pattern of the value with escape codes between its bytes."""
    letters = (re.escape(bytes([byte])) for byte in value)
    return re.compile((b"(?:" + _ESCAPE + b")*").join(letters))


def _stars(match):
    """Return as many stars as bytes; escape codes stay."""
    return b"".join(
        piece if piece.startswith(b"\x1b") else b"*" * len(piece)
        for piece in re.split(b"(" + _ESCAPE + b")", match[0])
    )
