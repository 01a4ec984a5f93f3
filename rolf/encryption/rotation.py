"""Encrypt everything with the first key that was encrypted with another one.

It finds encrypted text in every text and JSON field of every model, so that a new model cannot be
forgotten. A row is changed under a lock, so a change that somebody makes meanwhile is kept. It can
be stopped at any time, and run again.
"""

from dataclasses import dataclass, field

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models.functions import Cast

from .fernet import fernet

MARK = "gAAAA"  # every Fernet token begins with it: the version 0x80, and a time before 2106
SHORTEST = 100  # characters of a token, and so of a field that can hold one
BATCH = 200
# They hold no secret, can be very large, and the database refuses to change the audit log.
LEFT_OUT = {"audit", "sessions", "contenttypes", "django_tasks_db"}


@dataclass
class Result:
    """How many values were encrypted again, and the places of those that no key decrypts."""

    changed: int = 0
    unreadable: list[str] = field(default_factory=list)


def fields():
    """Yield (model, field) for each field that can hold encrypted text."""
    for model in apps.get_models():
        if model._meta.app_label in LEFT_OUT or not model._meta.managed or model._meta.proxy:
            continue
        for each in model._meta.local_fields:
            is_text = isinstance(each, models.TextField | models.JSONField)
            is_long = (
                isinstance(each, models.CharField) and (each.max_length or SHORTEST) >= SHORTEST
            )
            if is_text or is_long:
                yield model, each


def reencrypt(keys, progress=lambda model, name, number: None):
    """Encrypt all values with the first of the keys that were encrypted with one of the others.

    Return the Result. `progress` is called after each field that had some.
    """
    result = Result()
    for model, each in fields():
        before = result.changed
        for pk in _rows(model, each):
            _reencrypt_row(model, each, pk, keys, result)
        if result.changed > before:
            progress(model, each.name, result.changed - before)
    return result


def _rows(model, each):
    """Yield the keys of rows that may hold encrypted text in the field."""
    last = None
    marked = model._base_manager.annotate(raw=Cast(each.name, models.TextField())).filter(
        raw__contains=MARK
    )
    while True:
        later = marked if last is None else marked.filter(pk__gt=last)
        found = list(later.order_by("pk").values_list("pk", flat=True)[:BATCH])
        yield from found
        if len(found) < BATCH:
            return
        last = found[-1]


def _reencrypt_row(model, each, pk, keys, result):
    with transaction.atomic():
        rows = model._base_manager.filter(pk=pk)
        if connection.features.has_select_for_update:
            rows = rows.select_for_update(of=("self",) if connection.vendor == "postgresql" else ())
        [value] = rows.values_list(each.name, flat=True) or [None]
        walk = _Walk(keys)
        new = walk.replaced(value)
        if walk.changed:
            model._base_manager.filter(pk=pk).update(**{each.name: new})
    result.changed += walk.changed
    if walk.unreadable:
        result.unreadable.append(f"{model._meta.label}.{each.name} of row {pk}")


class _Walk:
    """Replaces the encrypted texts of one value, which may be JSON."""

    def __init__(self, keys):
        self._first, self._all = fernet(keys[:1]), fernet(keys)
        self.changed = self.unreadable = 0

    def replaced(self, value):
        if isinstance(value, dict):
            return {name: self.replaced(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.replaced(each) for each in value]
        if not (isinstance(value, str) and value.startswith(MARK) and len(value) >= SHORTEST):
            return value
        token = value.encode()
        try:
            self._first.decrypt(token)
            return value
        except InvalidToken:
            pass
        try:
            new = self._all.rotate(token).decode()
        except InvalidToken:  # somebody wrote such a text, or its key is lost
            self.unreadable += 1
            return value
        self.changed += 1
        return new
