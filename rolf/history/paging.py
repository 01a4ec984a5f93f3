"""Changes, a page at a time: by key, so that the last page is as quick as the first."""

from dataclasses import dataclass

from rolf.number import number_of

from .models import Change

PAGE = 50


@dataclass(frozen=True)
class Page:
    """Changes, newest first; `older` is what the next page's address has as `before`."""

    changes: list[Change]
    older: int | None


def page(changes, before=None):
    """Return the page that ends before the change of that key; `before` as an address has it."""
    if (end := number_of(before)) is not None:
        changes = changes.filter(pk__lt=end)
    found = list(changes.order_by("-pk")[:PAGE + 1])
    return Page(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)
