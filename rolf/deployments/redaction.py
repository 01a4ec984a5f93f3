"""What people without the edit permission don't see: where code comes from and goes to."""

import re
from functools import cached_property, lru_cache

from django.db.models import OuterRef, Subquery
from django.utils.html import escape

from .models import Level, Setting

HIDDEN = ("REPOSITORY", "REMOTE_HOST", "REMOTE_HOSTS")
SHORTEST = 3  # characters: "." is no secret, and stands everywhere
# A token or a password in an address, which nobody sees: a row may be older than the rule that
# refuses it.
_USERINFO = r"(?<=://)(?:[^\s/@:]*:[^\s/@]+|(?<=http://)[^\s/@:]+|(?<=https://)[^\s/@:]+)@"
_USERINFO_OF_TEXT, _USERINFO_OF_DATA = re.compile(_USERINFO), re.compile(_USERINFO.encode())
_TAG = re.compile(r"<[^>]*>")
# What colours a word, or a part of it, interrupts no text: programs such as grep --color do so.
_INLINE = re.compile(r"</?(?:b|bdi|code|em|i|mark|s|span|strong|u)\b")
_ESCAPE = rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))"
ESCAPES = 256  # bytes of escape codes that are looked for within one text
# In the place of a tag: it interrupts no text, or it is a space.
_WITHIN, _BETWEEN = "\0", "\x1f"


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
        html = re.sub(f"[{_WITHIN}{_BETWEEN}]", "\ufffd", str(html))
        tags = _TAG.findall(html)
        text = _TAG.sub(lambda tag: _WITHIN if _INLINE.match(tag[0]) else _BETWEEN, html)
        text = _USERINFO_OF_TEXT.sub(_instead("***@"), text)
        for name, value in self._values:
            text = _found(escape(value)).sub(_instead(f"[{name}]"), text)
        tags = iter(tags)
        return re.sub(f"[{_WITHIN}{_BETWEEN}]", lambda _: next(tags), text)

    def data(self, pieces):
        """Yield the bytes of a log, with stars for what is hidden, so that their number stays."""
        kept = b""
        for piece in pieces:
            kept = self.stars(kept + piece)
            # What is hidden may go on in the next piece.
            cut = max(len(kept) - max(self.longest, ESCAPES), 0)
            ready, kept = kept[:cut], kept[cut:]
            if ready:
                yield ready
        if kept:
            yield kept

    def stars(self, data):
        """Return bytes with as many stars in place of what is hidden."""
        for _, value in self._values:
            data = data.replace(value.encode(), b"*" * len(value.encode()))
            if b"\x1b" in data:
                data = _interrupted(value.encode()).sub(_stars, data)
        return _USERINFO_OF_DATA.sub(_stars, data) if b"://" in data else data

    @property
    def longest(self):
        """The bytes of the longest text that is hidden, with the escape codes in it; 0 for none."""
        return max((len(value.encode()) + ESCAPES for _, value in self._values), default=0)

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
    return _USERINFO_OF_TEXT.sub("***@", text)


def discretion(request, deployment, push=None):
    """Return the Discretion of a page's or the API's visitor; one for each request."""
    kept = vars(request).setdefault("discretions", {})
    key = (deployment.pk, push and push.pk)
    if key not in kept:
        kept[key] = Discretion(deployment, request.access.level(deployment), push)
    return kept[key]


def _found(value):
    letters = f"{_WITHIN}*".join(map(re.escape, value))
    return re.compile(rf"(?<![\w.-]){letters}(?![\w-])")


def _instead(words):
    """Return what re.sub puts in: `words`, and the tags that were within."""
    return lambda match: words + _WITHIN * match[0].count(_WITHIN)


@lru_cache(64)
def _interrupted(value):
    """Return the pattern of bytes between which escape codes stand."""
    letters = (re.escape(bytes([byte])) for byte in value)
    return re.compile((b"(?:" + _ESCAPE + b")*").join(letters))


def _stars(match):
    """Return as many stars as bytes, but for escape codes, which stay."""
    return b"".join(piece if piece.startswith(b"\x1b") else b"*" * len(piece)
                    for piece in re.split(b"(" + _ESCAPE + b")", match[0]))
