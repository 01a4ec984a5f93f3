"""Pages of a queryset, by key: the last page is as fast as the first."""

from dataclasses import dataclass
from typing import Any

DIGITS = 15  # every database and every browser's script counts that far


@dataclass(frozen=True)
class KeysetPage:
    """Some rows of a queryset; `next` is the key of the last one if there are more, else None.

    The next page has the rows before that key, or after it if the keys ascend.
    """

    rows: list[Any]
    next: int | None

    @classmethod
    def before(cls, key, queryset, size):
        """Return the newest rows before the key; None is no limit."""
        if key is not None:
            queryset = queryset.filter(pk__lt=key)
        return cls._first(queryset.order_by("-pk"), size)

    @classmethod
    def after(cls, key, queryset, size):
        """Return the oldest rows after the key; None is no limit."""
        if key is not None:
            queryset = queryset.filter(pk__gt=key)
        return cls._first(queryset.order_by("pk"), size)

    @classmethod
    def _first(cls, queryset, size):
        found = list(queryset[: size + 1])
        return cls(found[:size], found[size - 1].pk if len(found) > size else None)


def to_int(text, default=None):
    """Return the number that the text of a URL or form is, or the default; the text may be None."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else default
