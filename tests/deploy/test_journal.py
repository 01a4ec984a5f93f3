import errno
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import (
    PushEnded,
    PushStarted,
    StageEnded,
    StageStarted,
    State,
)
from bootstrapper.deploy.journal.journal import (
    FileJournal,
    ask_to_cancel,
    events,
    journal_directory,
)
from bootstrapper.deploy.journal.log_reader import LogReader
from bootstrapper.deploy.journal.store import last_id, push, pushes, sweep
from bootstrapper.errors import InputError, WorkFailed
from tests.support.processes import bytes_read
from tests.support.pushes import AT, err, failed, kept, nobody, out, snapshot, succeeded, whole
from tests.support.small_disk import small_disk


def states(project: Path) -> list[tuple[int, str]]:
    return [(record.id, record.state) for record in pushes(project, nobody)]


def text(project: Path, number: int = 1) -> bytes:
    return b"".join(
        piece.data for piece in LogReader(journal_directory(project) / str(number)).pieces()
    )


def test_a_journal_holds_snapshot_code_log_events_and_result(tmp_path: Path) -> None:
    directory = kept(tmp_path, whole()).directory

    assert directory == tmp_path / ".deploy/pushes/1"
    assert json.loads((directory / "snapshot.json").read_text()) == snapshot()
    assert (directory / "stages/01-git-clone.sh").read_text() == "git clone …\n"
    assert (directory / "output.log").read_bytes() == b"cloned\nOK\nmigrated\n"
    assert json.loads((directory / "result.json").read_text())["state"] == "succeeded"
    assert len((directory / "events.jsonl").read_text().splitlines()) == len(whole())
    assert not (directory / "room").exists()


def test_a_journal_is_its_owners_alone_and_nothing_to_commit(tmp_path: Path) -> None:
    kept(tmp_path, whole())

    assert stat.S_IMODE((tmp_path / ".deploy").stat().st_mode) == 0o700
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert (
        subprocess.run(
            ["git", "-C", tmp_path, "status", "--porcelain"], check=True, capture_output=True
        ).stdout
        == b""
    )


def test_a_number_is_given_once(tmp_path: Path) -> None:
    kept(tmp_path, whole(), 7)

    with pytest.raises(FileExistsError):
        kept(tmp_path, whole(), 7)
    assert states(tmp_path) == [(7, "succeeded")]
    assert last_id(tmp_path) == 7
    assert last_id(tmp_path / "elsewhere") == 0


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    reported = [event for event in whole() if type(event).__name__ != "Output"]

    assert events(kept(tmp_path, whole()).directory) == reported


def test_a_change_of_source_within_an_open_line_begins_a_new_one(tmp_path: Path) -> None:
    recorded = [
        out(b"one"),
        out(b" more"),
        err(b"oh\n"),
        out(b"two\n"),
        out(b"three"),
        out(b"four", host="app1"),
        out(b"five\n", 1),
    ]
    directory = kept(tmp_path, recorded).directory

    assert (directory / "output.log").read_bytes() == b"one more\noh\ntwo\nthree\nfour\nfive\n"
    pieces = list(LogReader(directory).pieces())
    assert [piece.data for piece in pieces] == [output.data for output in recorded]


def test_every_event_is_there_to_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    journal = FileJournal.create(tmp_path, 1, snapshot(), {})
    for count, event in enumerate(whole(), start=1):
        journal.write(event)
        lines = (journal.directory / "events.jsonl").read_bytes().splitlines()
        assert len(lines) == count
    assert text(tmp_path) == b"cloned\nOK\nmigrated\n"


@pytest.mark.parametrize("cut", range(0, 1500, 11))
def test_a_crash_at_any_instant_leaves_a_readable_journal(tmp_path: Path, cut: int) -> None:
    directory = kept(tmp_path, whole(), finish=False).directory
    log = directory / "events.jsonl"
    *stages, _ = log.read_bytes().splitlines(keepends=True)
    os.truncate(log, min(cut, log.stat().st_size))

    # Without the last line, only the end of the push is missing.
    expected = "succeeded" if cut >= len(b"".join(stages)) else "lost"
    assert states(tmp_path) == [(1, expected)]
    if events(directory, spans=True)[1:]:  # a stage had started: its output isn't lost
        assert text(tmp_path) == b"cloned\nOK\nmigrated\n"


@pytest.mark.parametrize("result", ["", "{", '{"id"', "null", "[]", "\0\0\0"])
def test_a_torn_result_is_made_up_for_by_the_events(tmp_path: Path, result: str) -> None:
    directory = kept(tmp_path, whole()).directory
    (directory / "result.json").write_text(result)

    assert states(tmp_path) == [(1, "succeeded")]


def test_a_directory_without_snapshot_is_a_push_that_had_not_begun(tmp_path: Path) -> None:
    (journal_directory(tmp_path) / "3").mkdir(parents=True)
    kept(tmp_path, whole(), 2)

    assert states(tmp_path) == [(3, "lost"), (2, "succeeded")]
    record = push(tmp_path, 3, nobody)
    assert record and record.reason == "its runner died before it began"
    assert text(tmp_path, 3) == b""
    with pytest.raises(InputError, match="push 3 can't be resumed"):
        FileJournal.open(tmp_path, 3)


def test_everyone_holds_the_lock_runs_the_push_and_nobody_else(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        kept(tmp_path, whole()[:4], number, finish=False)

    def shown(running: int | None) -> list[str]:
        return [record.state for record in pushes(tmp_path, lambda _: running)]

    assert shown(3) == ["running", "lost", "lost"]
    assert shown(1) == ["lost", "lost", "running"]
    assert shown(0) == ["running", "lost", "lost"]  # it doesn't say which: the newest
    assert shown(None) == ["lost"] * 3


def test_pushes_of_one_deployment(tmp_path: Path) -> None:
    for number, deployment in enumerate(["production", "staging", "production"], start=1):
        kept(tmp_path, whole(), number, deployment=deployment)

    assert [record.id for record in pushes(tmp_path, nobody, "production")] == [3, 1]


def test_a_resumed_push_goes_on_in_the_same_journal(tmp_path: Path) -> None:
    kept(tmp_path, [PushStarted(at=AT), *succeeded(0, b"cloned\n"), *failed(1, b"broken")])
    ask_to_cancel(journal_directory(tmp_path) / "1", "eve@desk")

    journal = FileJournal.open(tmp_path, 1)
    assert journal.cancelled() == ""
    assert states(tmp_path) == [(1, "failed")]  # until a resume records that it runs again
    for event in [
        PushStarted(at=AT + 500, resumed=True),
        *succeeded(1, b"OK\n"),
        *succeeded(2),
        PushEnded(at=AT + 600, state=State.SUCCEEDED),
    ]:
        journal.write(event)
    journal.finish(journal.record())

    assert states(tmp_path) == [(1, "succeeded")]
    assert (journal.directory / "output.log").read_bytes() == b"cloned\nbroken\nOK\n"
    assert [piece.data for piece in LogReader(journal.directory).pieces()] == [
        b"cloned\n",
        b"broken",
        b"OK\n",
    ]


def test_a_resumed_push_repairs_what_its_runner_left_torn(tmp_path: Path) -> None:
    directory = kept(
        tmp_path,
        [PushStarted(at=AT), *succeeded(0, b"cloned\n"), StageStarted(at=AT, stage=1)],
        finish=False,
    ).directory
    with (directory / "output.log").open("ab") as log, (directory / "events.jsonl").open("ab") as e:
        log.write(b"not recorded")
        e.write(b'{"event": "Span", "at": 18')

    journal = FileJournal.open(tmp_path, 1)
    journal.write(PushStarted(at=AT + 500, resumed=True))
    journal.write(out(b"again\n", 1))

    assert journal.record().state == "running"
    assert (directory / "output.log").read_bytes() == b"cloned\nnot recorded\nagain\n" or (
        directory / "output.log"
    ).read_bytes() == b"cloned\nnot recordedagain\n"
    assert [(piece.stage, piece.data) for piece in LogReader(directory).pieces()] == [
        (0, b"cloned\n"),
        (1, b"not recorded"),
        (1, b"again\n"),
    ]


def test_cancelling_says_who_asked(tmp_path: Path) -> None:
    journal = FileJournal.create(tmp_path, 1, snapshot(), {})
    assert journal.cancelled() == ""
    ask_to_cancel(journal.directory, "eve@desk")
    assert journal.cancelled() == "cancelled by eve@desk"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "512k"):
        yield tmp_path / "disk"


def test_a_full_disk_is_reported_once_and_the_push_still_ends(disk: Path) -> None:
    journal = FileJournal.create(disk, 1, snapshot(), {})
    for event in whole(b"cloned\n")[:-1]:
        journal.write(event)
    journal.write(StageStarted(at=AT, stage=1))
    line = b"x" * 99 + b"\n"
    with pytest.raises(WorkFailed, match="the disk is full") as raised:
        for _ in range(10_000):
            journal.write(out(line * 10, 1))
    assert "df -h" in str(raised.value)

    for _ in range(300):
        journal.write(out(line * 10, 1))  # what still comes is dropped, without a word
    journal.write(StageEnded(at=AT, stage=1, state=State.CANCELLED, reason="the disk is full"))
    journal.write(PushEnded(at=AT, state=State.CANCELLED, reason="the disk is full"))
    journal.finish(journal.record())

    assert [(record.id, record.state, record.reason) for record in pushes(disk, nobody)] == [
        (1, "cancelled", "the disk is full")
    ]
    kept_text = text(disk)
    assert kept_text.startswith(b"cloned\n" + line) and len(kept_text) > 100_000
    assert set(kept_text[7:].split(b"\n")) == {line[:-1], b""}  # no half line


def test_a_disk_that_is_full_at_once_leaves_no_journal(disk: Path) -> None:
    with pytest.raises(OSError) as raised:
        (disk / "rest").write_bytes(bytes(1_000_000))
    assert raised.value.errno == errno.ENOSPC

    with pytest.raises(WorkFailed, match="the disk is full"):
        FileJournal.create(disk, 1, snapshot(), {"01-x.sh": "x" * 100_000})
    assert last_id(disk) == 0


def test_a_sweep_removes_checkouts_that_nobody_resumes(tmp_path: Path) -> None:
    reported = {1: whole(), 2: failed(1), 3: failed(1), 4: whole(), 5: whole()[:3]}
    for number, recorded in reported.items():
        journal = kept(
            tmp_path,
            [PushStarted(at=AT), *recorded],
            number,
            finish=number != 5,
            deployment="staging" if number in (3, 4) else "production",
        )
        (journal.directory / "checkout/src").mkdir(parents=True)
    kept(tmp_path, failed(1), 6, deployment="old").directory.joinpath("checkout").mkdir()

    def checkouts() -> list[str]:
        return sorted(path.parent.name for path in journal_directory(tmp_path).glob("*/checkout"))

    sweep(tmp_path, lambda deployment: {"production": 5}.get(deployment))
    assert checkouts() == ["5", "6"]
    assert last_id(tmp_path) == 6 and len(states(tmp_path)) == 6

    sweep(tmp_path, nobody)  # what is lost can be resumed as well
    assert checkouts() == ["5", "6"]


def test_a_list_of_pushes_reads_each_once(tmp_path: Path) -> None:
    directory = kept(tmp_path, whole(), 1).directory
    for number in range(2, 1001):
        other = journal_directory(tmp_path) / str(number)
        other.mkdir()
        result = json.loads((directory / "result.json").read_text()) | {"id": number}
        (other / "result.json").write_text(json.dumps(result))

    size = (directory / "result.json").stat().st_size
    before = bytes_read()
    assert len(list(pushes(tmp_path, nobody))) == 1000
    assert bytes_read() - before < 1000 * 2 * size
    before = bytes_read()
    assert next(pushes(tmp_path, nobody)).id == 1000
    assert bytes_read() - before < 10 * size
