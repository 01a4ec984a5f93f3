"""Join the chunks of a log that has ended: a worker stores up to four chunks a second."""

from django.db import transaction
from django.db.models import F

from ..log_view import index
from ..models import ACTIVE, LogChunk, Push

# Bytes of a joined chunk, at most; a longer single chunk stays as it is. A search or a jump reads
# whole chunks: with 1 MB, a search took three times as long.
ROW = 256 * 1024
SPANS = 10_000  # of a joined chunk, at most


def finish(push):
    """Build the index of a log that has ended, then join its chunks.

    Do nothing if the push runs, or if all chunks are joined. `joined_bytes` shows how far this has
    come, so that a later call continues where a killed process stopped.
    """
    push = Push.objects.listed().get(pk=push.pk)
    if push.active or push.joined_bytes >= push.log_bytes:
        return
    index.build(push)
    begin = push.joined_bytes
    while begin < push.log_bytes:
        group = _group(push, begin)
        end = group[-1].offset + len(group[-1].data) if group else push.log_bytes
        if not _replace(push, group, begin, end):
            return  # another process joins this log, or a user has resumed the push
        begin = end


def finish_all():
    """Finish the logs of all pushes that have ended, also of those whose worker died."""
    unfinished = Push.objects.filter(joined_bytes__lt=F("log_bytes")).exclude(state__in=ACTIVE)
    for push_id in unfinished.order_by("pk").values_list("pk", flat=True).iterator():
        finish(Push(pk=push_id))


def _group(push, begin):
    """Return the next rows that fit into one."""
    group, size, spans = [], 0, 0
    rows = push.chunks.filter(offset__gte=begin, offset__lt=begin + ROW).order_by("offset")
    for row in rows[:SPANS] or push.chunks.filter(offset__gte=begin).order_by("offset")[:1]:
        size, spans = size + len(row.data), spans + len(row.spans)
        if group and (
            size > ROW or spans > SPANS or row.offset != group[-1].offset + len(group[-1].data)
        ):
            break
        group.append(row)
    return group


@transaction.atomic
def _replace(push, group, begin, end):
    """Put one row in the place of several. Return False if this is not the process to do it."""
    ended = Push.objects.filter(pk=push.pk, joined_bytes=begin).exclude(state__in=ACTIVE)
    if not ended.update(joined_bytes=end):  # this also locks the push until the transaction ends
        return False
    if len(group) > 1:
        push.chunks.filter(offset__gte=group[0].offset, offset__lt=end).delete()
        LogChunk.objects.create(
            push=push,
            sequence=group[0].sequence,
            offset=group[0].offset,
            first_line=group[0].first_line,
            last_line=group[-1].last_line,
            data=b"".join(bytes(row.data) for row in group),
            spans=_joined_spans(group),
        )
    return True


def _joined_spans(group):
    """Return the spans of all rows; neighbours with the same source become one."""
    joined = []
    for row in group:
        for length, *source in row.spans:
            if joined and joined[-1][1:] == source:
                joined[-1][0] += length
            else:
                joined.append([length, *source])
    return joined
