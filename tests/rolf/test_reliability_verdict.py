"""`make reliability` finds the faults that it looks for."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reliability import target
from reliability.client import Answer, Client
from reliability.load import Load, Seen
from reliability.observer import History, Observer
from reliability.size import Size
from reliability.verdict import Death, Verdict, judge
from tests.support.postgresql import PostgreSQL

SIZE = Size(stages=2, lines=2)
LINE = "deployment 1 push 1 stage {} line {} at {}"
LINES = [LINE.format(*each) for each in ((0, 1, 10.1), (0, 2, 10.2), (1, 1, 11.1), (1, 2, 11.2))]
EVENTS = """\
begin 1 0 10.0 alpha 44,33,22
end 1 0 10.5
begin 1 1 11.0 alpha 45,33,22
end 1 1 11.5
"""


class Log(Client):
    """A client that gets a log of these lines."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__([], "")
        self.__dict__["lines"] = lines

    def ask(self, method: str, path: str, body: Any = None, *, plain: bool = False) -> Answer:
        text = "".join(f"{line}\n" for line in self.__dict__["lines"])
        return Answer(200, {"text": text, "ended": True, "next": 0})


def verdict(
    directory: Path,
    *states: str,
    events: str = EVENTS,
    log: list[str] = LINES,
    reported: str = "",
    deaths: tuple[Death, ...] = (),
    queued: float = 0.0,
    statuses: tuple[int, ...] = (),
    worker: tuple[str, int] = ("", 0),
) -> Verdict:
    """Return the verdict about one push."""
    (directory / "1.events").write_text(events)
    for stage in (0, 1):
        lines = [line for line in LINES if f"stage {stage}" in line]
        (directory / f"1-1-{stage}.out").write_text("".join(f"{line}\n" for line in lines))
    observer = Observer(PostgreSQL(directory, "", 0), "", lambda running: 1, longest_queued=queued)
    times = [(100.0 + number, state) for number, state in enumerate(states)]
    observer.histories[7] = History(deployment=1, states=times, number=1, worker=worker)
    seen = Seen(deployment=1, push=7, state=reported or states[-1], reason="", seconds=1.0)
    load = Load(Log(log), [1], 1, 1, seen=[seen], statuses=Counter(statuses))
    return judge(load.client, load, observer, directory, SIZE, deaths=deaths, lease=90)


def test_good_push_has_no_fault(tmp_path: Path) -> None:
    found = verdict(tmp_path, "queued", "running", "succeeded")
    assert (found.faults, found.lines) == ([], 4)


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        (LINES[1:], "1 of 4 lines are not in the log"),
        ([*LINES[:2], *LINES[1:]], "1 are there twice"),
        ([LINES[1], LINES[0], *LINES[2:]], "the order differs"),
    ],
)
def test_wrong_log_is_found(log: list[str], fault: str, tmp_path: Path) -> None:
    [found] = verdict(tmp_path, "succeeded", log=log).faults
    assert fault in found


def test_lost_push_of_killed_worker_is_no_fault(tmp_path: Path) -> None:
    begun = EVENTS.partition("end 1 1")[0]
    death = Death(at=100.0, machine="alpha", pid=22)
    found = verdict(tmp_path, "running", "lost", events=begun, log=LINES[:3], deaths=(death,))
    assert (found.faults, found.lost_with_worker, found.longest_orphaned) == ([], 1, 1.0)
    other = replace(death, pid=99)
    [fault] = verdict(tmp_path, "lost", events=begun, log=LINES[:3], deaths=(other,)).faults
    assert "is lost" in fault


def test_stage_that_ended_just_before_the_kill_may_be_lost(tmp_path: Path) -> None:
    death = Death(at=11.6, machine="alpha", pid=22)  # the last stage ended at 11.5
    assert verdict(tmp_path, "lost", deaths=(death,)).faults == []
    late = replace(death, at=20.0)
    [fault] = verdict(tmp_path, "lost", deaths=(late,)).faults
    assert fault.endswith("is lost, but all of its stages ended 8.5 s before its worker")


def test_worker_killed_before_a_stage_begins_is_known(tmp_path: Path) -> None:
    death = Death(at=10.0, machine="alpha", pid=99)
    begun = EVENTS.partition("end 1 0")[0]
    for worker, faults in ((("alpha", 99), 0), (("alpha", 98), 1)):
        found = verdict(tmp_path, "lost", events=begun, log=[], deaths=(death,), worker=worker)
        assert len(found.faults) == faults


def test_late_end_of_orphan_is_found(tmp_path: Path) -> None:
    begun = EVENTS.partition("end 1 1")[0]
    death = Death(at=-1.0, machine="alpha", pid=22)
    found = verdict(tmp_path, "running", "lost", events=begun, log=LINES[:3], deaths=(death,))
    assert found.faults == ["a push ran on for 102 s without its worker"]


def test_stage_that_ran_twice_is_found(tmp_path: Path) -> None:
    twice = f"{EVENTS}begin 1 1 12.0 beta 5,4\nend 1 1 12.5\n"
    faults = verdict(tmp_path, "succeeded", events=twice).faults
    assert any("stage 1 ran twice" in fault for fault in faults)


def test_overlap_of_two_pushes_is_found(tmp_path: Path) -> None:
    both = f"{EVENTS}begin 2 0 11.2 beta 5,4\n"
    (tmp_path / "1.events").write_text(both)
    [found] = target.overlaps(target.pushes(tmp_path))
    assert found == "deployment 1: push 1 still ran 0.3 s after push 2 began"


def test_wrong_states_are_found(tmp_path: Path) -> None:
    assert (
        "was lost -> running -> succeeded"
        in verdict(tmp_path, "lost", "running", "succeeded").faults[0]
    )
    assert "reported lost" in verdict(tmp_path, "succeeded", reported="lost").faults[0]
    assert "is still running" in verdict(tmp_path, "running").faults[0]
    assert "is lost, though all of its stages ended" in verdict(tmp_path, "lost").faults[0]


def test_success_without_all_stages_is_found(tmp_path: Path) -> None:
    begun = EVENTS.partition("end 1 1")[0]
    [fault] = verdict(tmp_path, "succeeded", events=begun).faults
    assert "not all of its stages ended" in fault


def test_long_queue_and_500_are_found(tmp_path: Path) -> None:
    found = verdict(tmp_path, "succeeded", queued=61, statuses=(500, 503))
    assert found.faults == [
        "1 requests got 500",
        "a push was queued for 61 s with a free slot",
    ]


def test_push_that_waits_for_earlier_ones_is_not_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, clock = [""], iter(range(0, 1000, 20))
    monkeypatch.setattr(PostgreSQL, "sql", lambda *_: rows[0])
    monkeypatch.setattr("reliability.observer.time.monotonic", lambda: next(clock))
    observer = Observer(PostgreSQL(Path(), "", 0), "", lambda running: 1)

    def look(*states: str) -> float:
        rows[0] = "\n".join(f"{key}|{state}|0|{key}||0|" for key, state in enumerate(states, 1))
        observer._look()
        return observer.longest_queued

    assert look("queued", "queued", "queued") == 0
    assert look("running", "queued", "queued") == 0
    assert look("running", "running", "queued") == 0
    assert look("running", "running", "queued") == 20  # nothing began
    assert look("running", "running", "queued") == 40
    assert look("running", "running", "queued", "running") == 60  # a later push had its slot
