"""Pushes of a deployment, a page at a time: by key, so that the last page is as quick as any."""

from dataclasses import dataclass

from history.paging import number_of

from .models import Push


@dataclass(frozen=True)
class Page:
    """Pushes, newest first; `older` is what the next page's address has as `before`."""

    pushes: list[Push]
    older: int | None


def page_of(pushes, before, size):
    """Return the page that ends before the push of that key; `before` as an address has it."""
    if (end := number_of(before)) is not None:
        pushes = pushes.filter(pk__lt=end)
    found = list(pushes.listed().with_ends().order_by("-pk")[:size + 1])
    return Page(found[:size], found[size - 1].pk if len(found) > size else None)
