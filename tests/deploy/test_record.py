import json
from dataclasses import replace

import pytest

from bootstrapper.deploy.events.event import (
    PushEnded,
    PushStarted,
    StageEnded,
    StageStarted,
    State,
    VariableSet,
)
from bootstrapper.deploy.events.record import Record, fold
from tests.support.pushes import AT, PROMISED, failed, snapshot, succeeded, whole


def states(record: Record) -> list[str]:
    return [stage.state for stage in record.stages]


def test_a_whole_push_shows_what_design_promises() -> None:
    shown = fold(snapshot(12), whole()).to_json()

    assert list(shown)[: len(PROMISED)] == PROMISED
    assert (shown["id"], shown["state"], shown["user"]) == (12, "succeeded", "anna")
    assert shown["started"].startswith("2027-01-15T") and shown["started"][23] in "+-"
    assert shown["stages"][0] == {
        "name": "git-clone",
        "state": "succeeded",
        "exit": 0,
        "seconds": 2.0,
        "reason": "",
        "started": shown["started"],
        "ended": shown["stages"][0]["ended"],
    }


def test_a_push_that_was_only_planned_is_queued_and_all_its_stages_wait() -> None:
    record = fold(snapshot(), [])

    assert (record.state, record.started, states(record)) == ("queued", None, ["waiting"] * 3)


@pytest.mark.parametrize("length", range(len(whole()) + 1))
def test_a_stream_that_ends_anywhere_folds_to_what_is_known(length: int) -> None:
    record = fold(snapshot(), whole()[:length])

    assert record.state == (
        "queued" if length == 0 else "succeeded" if length == len(whole()) else "running"
    )
    all_done = length >= len(whole()) - 1  # only the end of the push is missing, or nothing
    assert record.lost().state == ("succeeded" if all_done else "lost")
    assert "running" not in states(record.lost())
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_a_push_that_nobody_runs_is_lost_and_so_is_the_stage_it_was_at() -> None:
    record = fold(snapshot(), whole()[:5]).lost()

    assert (record.state, record.reason) == ("lost", "its runner died")
    assert states(record) == ["succeeded", "lost", "waiting"]
    assert record.stage and record.stage.name == "unit-tests"


def test_a_failed_push_names_the_stage_that_failed() -> None:
    record = fold(snapshot(), [PushStarted(at=AT), *succeeded(0), *failed(1)])

    assert states(record) == ["succeeded", "failed", "waiting"]
    assert record.stage and (record.stage.name, record.stage.exit) == ("unit-tests", 1)


def test_a_resumed_push_keeps_what_ran_before_until_it_runs_again() -> None:
    record = fold(snapshot(), [PushStarted(at=AT), *succeeded(0), *failed(1)])
    record = record.after(PushStarted(at=AT + 500, resumed=True))
    assert (record.state, record.ended, record.reason) == ("running", None, "")
    assert (states(record), record.started) == (["succeeded", "failed", "waiting"], AT)

    record = record.after(StageStarted(at=AT + 501, stage=1))
    assert states(record) == ["succeeded", "running", "waiting"]
    assert record.stages[1].exit is None and record.stages[1].reason == ""


def test_a_resumed_push_marks_interrupted_stages_as_lost() -> None:
    record = fold(snapshot(), [*whole()[:5], PushStarted(at=AT + 500, resumed=True)])

    assert (record.state, states(record)) == ("running", ["succeeded", "lost", "waiting"])


def test_hosts_are_reported_one_by_one_and_summed_up() -> None:
    hosts = ["app1", "app2", "app3"]
    record = fold(
        snapshot(),
        [PushStarted(at=AT)]
        + [StageStarted(at=AT + index, stage=2, host=host) for index, host in enumerate(hosts)],
    )
    assert record.stages[2].state == "running"

    for index, (host, exit_status) in enumerate(zip(hosts, (0, 3, 0), strict=True)):
        record = record.after(
            StageEnded(
                at=AT + 10 + index,
                stage=2,
                host=host,
                exit=exit_status,
                seconds=9.0 + index,
                state=State.FAILED if exit_status else State.SUCCEEDED,
            )
        )
    stage = record.stages[2]
    assert (stage.state, stage.exit, stage.seconds) == ("failed", 3, 11.0)
    assert (stage.started, stage.ended) == (AT, AT + 12)
    assert [(host, run.exit) for host, run in stage.hosts.items()] == [
        ("app1", 0),
        ("app2", 3),
        ("app3", 0),
    ]
    assert Record.from_json(record.to_json()) == record


def test_variables_are_kept_and_two_of_them_mean_more() -> None:
    record = fold(
        snapshot(),
        [
            VariableSet(at=AT, stage=0, name="VERSION", value="4.2"),
            VariableSet(at=AT, stage=0, name="PUSH_COMMIT", value="abc"),
            VariableSet(at=AT, stage=0, name="ROLLBACK_URL", value="ROLF_PUSH_1"),
        ],
    )

    assert record.outputs == {"VERSION": "4.2", "PUSH_COMMIT": "abc"}
    assert (record.commit, record.rollback_url) == ("abc", "ROLF_PUSH_1")


def test_keys_of_a_later_version_are_tolerated_and_missing_ones_too() -> None:
    record = fold(snapshot(), whole())
    data = record.to_json()
    data["approved_by"] = "eve"
    data["stages"][0]["weather"] = "fine"
    assert Record.from_json(data) == record
    assert Record.from_json({"id": 3}) == Record(id=3)


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        7,
        {"id": "x"},
        {"id": 1, "stages": [{}]},
        {"id": 1, "stages": 3},
        {"id": 1, "state": "enchanted"},
        {"id": 1, "started": "yesterday"},
    ],
)
def test_what_is_no_record_is_a_value_error(data: object) -> None:
    with pytest.raises(ValueError, match="not the record of a push"):
        Record.from_json(data)  # type: ignore[arg-type]


def test_events_of_a_stage_that_the_snapshot_lacks_do_no_harm() -> None:
    record = fold(snapshot(), [StageStarted(at=AT, stage=9)])

    assert record == replace(fold(snapshot(), []))


def test_a_push_that_ended_is_not_lost() -> None:
    record = fold(snapshot(), [PushStarted(at=AT), PushEnded(at=AT, state=State.CANCELLED)])

    assert record.lost() == record
