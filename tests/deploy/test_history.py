import json
from dataclasses import replace

from bootstrapper.deploy.events.event import PushStarted, State
from bootstrapper.deploy.events.record import Record, fold
from bootstrapper.deploy.push.register import merge_records
from tests.support.pushes import AT, snapshot, whole


def ended(number: int, **more: object) -> Record:
    return replace(fold(snapshot(number, **more), whole()), started=AT + number)  # type: ignore[arg-type]


def begun(number: int, **more: object) -> Record:
    return replace(
        fold(
            snapshot(number, **more),  # type: ignore[arg-type]
            [PushStarted(at=AT)],
        ),
        started=AT + number,
    )


def shown(records: list[Record]) -> list[tuple[int, str]]:
    return [(record.id, record.state) for record in records]


def test_the_last_line_of_a_push_counts_and_the_newest_push_is_first() -> None:
    log = [begun(1).to_json(), ended(1).to_json(), begun(2).to_json(), ended(2).to_json()]

    assert shown(merge_records([], log, held_by=None)) == [(2, "succeeded"), (1, "succeeded")]


def test_a_push_without_a_lock_on_the_host_is_lost() -> None:
    log = [begun(1).to_json(), begun(2).to_json()]

    assert shown(merge_records([], log, held_by=None)) == [(2, "lost"), (1, "lost")]
    assert shown(merge_records([], log, held_by=2)) == [(2, "running"), (1, "lost")]
    assert shown(merge_records([], log, held_by=0)) == [(2, "running"), (1, "lost")]


def test_the_local_record_counts_where_both_know_a_push() -> None:
    local = replace(ended(1), comment="from here")

    (record,) = merge_records([local], [begun(1).to_json()], held_by=None)
    assert record == local


def test_two_machines_that_gave_one_number_are_both_shown() -> None:
    theirs = replace(ended(1), machine="desk", state=State.FAILED)

    assert sorted(shown(merge_records([ended(1)], [theirs.to_json()], held_by=None))) == [
        (1, "failed"),
        (1, "succeeded"),
    ]


def test_lines_that_are_no_records_are_passed_over() -> None:
    log = [{"id": "?"}, {"weather": "fine"}, ended(3).to_json()]

    assert shown(merge_records([], json.loads(json.dumps(log)), held_by=None)) == [(3, "succeeded")]
