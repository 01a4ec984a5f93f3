"""All pushes of a deployment: those made from here, and those that the target remembers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bootstrapper.deploy.journal.record import Record


def merged(local: Iterable[Record], target: Iterable[Mapping[str, Any]], *,
           held_by: int | None) -> list[Record]:
    """Every push once, newest first.

    `target` are the lines of its pushes.log, oldest first, `held_by` is the push that holds its
    lock: None if nobody does, 0 if it doesn't say. Of a push that both know the local record
    counts; where two machines gave one number to pushes of theirs, both are shown.
    """
    by_key = {_key(record): record for record in _remembered(target, held_by)}
    by_key |= {_key(record): record for record in local}
    return sorted(by_key.values(), reverse=True,
                  key=lambda record: (record.id, record.started or 0.0))


def _remembered(target: Iterable[Mapping[str, Any]], held_by: int | None) -> Iterator[Record]:
    """What the target says of each push last; of one that nobody runs, that it is lost."""
    last: dict[tuple[int, str, str], Record] = {}
    for line in target:
        try:
            record = Record.from_json(line)
        except ValueError:  # a later version's, or damaged
            continue
        last[_key(record)] = record
    newest = max((record.id for record in last.values()), default=0)
    for record in last.values():
        runs = held_by == record.id or (held_by == 0 and record.id == newest)
        yield record if runs else record.lost()


def _key(record: Record) -> tuple[int, str, str]:
    return record.id, record.deployment, record.machine
