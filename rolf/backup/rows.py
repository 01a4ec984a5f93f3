"""All rows of the database as text that fits every database: for a move from SQLite to PostgreSQL.

One line is one row, as Django's serializer for JSON Lines writes it; the rows of a model come in
the order of their keys.
"""

import gzip
from collections import Counter
from datetime import datetime
from itertools import groupby

from django.apps import apps
from django.core import serializers
from django.core.management.color import no_style
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, connections, transaction

from audit.models import Entry, Head

BATCH = 500  # rows of one INSERT; a row can have 256 kB
UNMANAGED = (Entry, Head)


class _Encoder(DjangoJSONEncoder):
    """Django's encoder would cut times to milliseconds, and break the hashes of the audit log."""

    def default(self, o):
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def models():
    """Return all models with a table, also those of many-to-many fields."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if (model._meta.managed or model in UNMANAGED) and not model._meta.proxy
    ]


def count(alias):
    """Return the number of rows by the label of their model."""
    return {model._meta.label: model._base_manager.using(alias).count() for model in models()}


def dump(alias, path):
    """Write all rows that a connection reads into a compressed file."""
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
        for model in models():
            rows = model._base_manager.using(alias).order_by("pk")
            fields = [field.name for field in model._meta.local_fields]
            serializers.serialize(
                "jsonl",
                rows.iterator(chunk_size=BATCH),
                fields=fields,
                stream=file,
                cls=_Encoder,
            )


@transaction.atomic
def load(path):
    """Replace all rows of the database by those of a file; return the number by model.

    The database has the same migrations, and an empty audit log. Its constraints are checked at
    the end of the transaction, so the order of the models does not matter.
    """
    for model in models():
        if model not in UNMANAGED:  # the rows that migrations have created
            everything = model._base_manager.all()
            everything._raw_delete(everything.db)
    found = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        objects = (each.object for each in serializers.deserialize("jsonl", file))
        for model, group in groupby(objects, type):
            batch = []
            for each in group:
                batch.append(each)
                if len(batch) == BATCH:
                    _insert(model, batch)
                    found[model._meta.label] += len(batch)
                    batch = []
            _insert(model, batch)
            found[model._meta.label] += len(batch)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models()):
            cursor.execute(statement)
    return dict(found)


def _insert(model, batch):
    if model is Head:  # migrations have created the one row, which only advances
        for head in batch:
            Head.objects.update(sequence=head.sequence, hash=head.hash)
        return
    # As Django loads fixtures: without save() and bulk_create(), which would set dates again.
    fields = model._meta.local_concrete_fields
    size = connections["default"].ops.bulk_batch_size(fields, batch) or 1
    for begin in range(0, len(batch), size):
        model._base_manager._insert(batch[begin : begin + size], fields=fields, raw=True)
