"""Which push a rollback proposes, after any history of pushes and rollbacks."""

import random
from dataclasses import replace

import pytest

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record, Run, StageRecord
from bootstrapper.deploy.plan.rollback import propose_rollback, release_served, releases_then
from bootstrapper.errors import InputError

HOSTS = ("app1", "app2", "app3")


def history(*steps: str) -> list[Record]:
    """Records, newest first: "push", "fail" (live, then failed), "halt" (failed before the switch),
    "back" (a rollback without a number) and "back 2".
    """
    switched = StageRecord(name="activate", switches=True, state=State.SUCCEEDED, started=1.0)
    waiting = StageRecord(name="activate", switches=True)
    records: list[Record] = []
    for number, step in enumerate(steps, start=1):
        word, _, wanted = step.partition(" ")
        if word == "back":
            found = propose_rollback(records, current=None, wanted=int(wanted) if wanted else None)
            record = Record(
                id=number,
                state=State.SUCCEEDED,
                stages=(switched,),
                rollback_to=found.target.id,
                rollback_of=found.live.id if found.live else None,
            )
        else:
            record = Record(
                id=number,
                state=State.SUCCEEDED if word == "push" else State.FAILED,
                stages=(waiting if word == "halt" else switched,),
            )
        records.insert(0, record)
    return records


@pytest.mark.parametrize(
    ("steps", "target"),
    [
        (["push", "push", "back", "push"], 1),
        (["push", "push", "push", "back", "back"], None),
        (["push", "push", "push", "back"], 1),
        (["push", "push", "push", "back", "push"], 2),
        (["push", "push", "back", "push", "back", "push"], 1),
        (["push", "push", "push", "back", "back", "push"], 1),
        (["push", "fail", "push"], 1),
        (["push", "fail", "back", "push"], 1),
        (["push", "halt", "push"], 1),
        (["push", "push", "push", "back 1", "push"], 1),
        (["push", "push", "back", "back 2"], 1),  # named, so 2 is live again
        (["push", "push", "back", "back 2", "push"], 2),
        (["push", "push", "push", "back 1", "back 3", "push"], 3),
    ],
)
def test_rollback_returns_to_what_was_live_before(steps: list[str], target: int | None) -> None:
    records = history(*steps)
    if target is None:
        with pytest.raises(InputError, match="no push that worked came before"):
            propose_rollback(records, current=None, wanted=None)
    else:
        assert propose_rollback(records, current=None, wanted=None).target.id == target


def test_rollback_never_proposes_what_was_rolled_back_from() -> None:
    """Whatever people do without naming a push: 2,000 histories of up to 12 steps."""
    chance = random.Random(2026)
    for _ in range(2000):
        steps: list[str] = []
        for _ in range(chance.randint(1, 12)):
            step = chance.choice(["push", "push", "fail", "halt", "back"])
            try:
                history(*steps, step)
            except InputError:
                continue
            steps.append(step)
        records = history(*steps)
        left = {record.rollback_of for record in records}
        try:
            target = propose_rollback(records, current=None, wanted=None).target
        except InputError:
            continue
        assert target.id not in left, steps
        assert target.state is State.SUCCEEDED, steps


def fleet_push(number: int, *without: str) -> Record:
    """A push to three hosts that left some of them out."""
    hosts = {host: Run(state=State.SUCCEEDED, started=1.0) for host in HOSTS if host not in without}
    return Record(
        id=number,
        state=State.SUCCEEDED,
        stages=(
            StageRecord(
                name="activate", switches=True, state=State.SUCCEEDED, started=1.0, hosts=hosts
            ),
        ),
    )


@pytest.mark.parametrize(
    ("served", "release"),
    [
        ({"app1": 2, "app2": 3, "app3": 3}, 3),
        ({"app1": 2}, 3),
        ({"app2": 3}, 3),
        ({"app1": 1, "app2": 2}, 2),
        ({"app2": 1}, 1),
        ({"app1": 9}, 9),
        ({}, None),
    ],
)
def test_a_host_that_was_left_out_serves_what_it_did(
    served: dict[str, int], release: int | None
) -> None:
    records = [fleet_push(3, "app1"), fleet_push(2), fleet_push(1)]
    if served.get("app1") == 1:
        records[1] = fleet_push(2, "app1")
    assert release_served(records, served) == release


def test_a_left_out_host_keeps_what_a_rollback_returned_it_to() -> None:
    back = replace(fleet_push(4), rollback_to=2, rollback_of=3, release=2)  # app1 to release 1
    records = [
        fleet_push(6),
        fleet_push(5, "app1"),
        back,
        fleet_push(3),
        fleet_push(2, "app1"),
        fleet_push(1),
    ]
    assert releases_then(records[1], records, HOSTS) == {"app1": 1, "app2": 5, "app3": 5}
    assert propose_rollback(records, current=6, wanted=None).target.id == 5


def test_a_rollback_of_one_host_does_not_reach_the_others() -> None:
    failed = replace(fleet_push(3, "app1", "app3"), state=State.FAILED)
    switched = StageRecord(name="activate", switches=True, state=State.SUCCEEDED, started=1.0)
    back = Record(
        id=4, state=State.SUCCEEDED, rollback_to=2, rollback_of=3, release=2, stages=(switched,)
    )  # on app2 alone
    records = [
        fleet_push(6),
        fleet_push(5, "app1"),
        back,
        failed,
        fleet_push(2, "app1"),
        fleet_push(1),
    ]
    assert releases_then(records[1], records, HOSTS) == {"app1": 1, "app2": 5, "app3": 5}
