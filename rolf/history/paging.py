"""Changes, a page at a time: by key, so that the last page is as quick as the first."""

from dataclasses import dataclass

from deployments.models import Setting

from .models import Change

PAGE = 50
SETTING = str(Setting._meta.verbose_name)


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
    _hide(found)
    return Page(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


def _hide(changes):
    """Hide the values of settings that are secrets by now, or were: they stood there plainly."""
    settings = [one for one in changes if one.kind == SETTING]
    if not settings:
        return
    secrets = set(Change.objects.filter(
        kind=SETTING, deployment__in={one.deployment_id for one in settings},
        name__in={one.name for one in settings}, after__secret=True).values_list(
            "deployment", "name"))
    for one in settings:
        one.hidden = (one.deployment_id, one.name) in secrets


DIGITS = 15  # as far as every database counts, and every browser's script


def number_of(text, otherwise=None):
    """Return the number that a text is, or `otherwise` if it is none; None is no text."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else otherwise
