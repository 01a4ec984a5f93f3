import os
import random
import threading
import time
from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import (
    PushEnded,
    PushStarted,
    StageStarted,
    State,
    Stream,
)
from bootstrapper.deploy.journal.journal import FileJournal, journal_directory
from bootstrapper.deploy.journal.log_reader import LogReader, Piece, Selection
from tests.support.processes import bytes_read
from tests.support.pushes import AT, err, kept, out, snapshot, whole

EVENTS = [
    out(b"cloning\n"),
    err(b"warning: old\n"),
    out(b"50%\r100%\r\nhalf "),
    out(b"a line\n"),
    out(b"tests\n", 1),
    err(b"oops", 1),
    out(b"ok\n", 1),
    out(b"a1\n", 2, host="app1"),
    out(b"b1\n", 2, host="app2"),
    out(b"a2\n", 2, host="app1"),
    out(b"end", 2, host="app1"),
]


def data(pieces: list[Piece]) -> bytes:
    return b"".join(piece.data for piece in pieces)


def read(directory: Path, **selection: object) -> bytes:
    return data(list(LogReader(directory, Selection(**selection)).pieces()))  # type: ignore[arg-type]


def test_output_is_chosen_by_stage_stream_and_host(tmp_path: Path) -> None:
    directory = kept(tmp_path, EVENTS).directory

    assert read(directory, stages={1}) == b"tests\noopsok\n"
    assert read(directory, stream=Stream.STDERR) == b"warning: old\noops"
    assert read(directory, stages={2}, host="app1") == b"a1\na2\nend"
    assert read(directory, stages=()) == b""


def test_each_piece_tells_when_it_came_and_where_it_lies(tmp_path: Path) -> None:
    directory = kept(tmp_path, [out(b"a\n", at=AT + 1), out(b"b\n", at=AT + 2.5)]).directory

    first, second = LogReader(directory).pieces()
    assert (first.at, first.offset, first.end) == (AT + 1, 0, 2)
    assert (second.at, second.offset, second.end) == (AT + 2.5, 2, 4)


def test_lines_are_split_at_newlines_alone(tmp_path: Path) -> None:
    directory = kept(tmp_path, [out(b"a\rb\x0bc\x1c\xff\n\nopen")]).directory

    (piece,) = LogReader(directory).pieces()
    assert piece.lines() == [b"a\rb\x0bc\x1c\xff\n", b"\n", b"open"]


@pytest.mark.parametrize("start", range(70))
def test_reading_goes_on_from_any_offset(tmp_path: Path, start: int) -> None:
    directory = kept(tmp_path, EVENTS).directory

    pieces = list(LogReader(directory).pieces(start))
    log = (directory / "output.log").read_bytes()
    assert all(log[piece.offset : piece.end] == piece.data for piece in pieces)
    assert data(pieces).replace(b"\n", b"") == log[start:].replace(b"\n", b"")


def lines(directory: Path, selection: Selection) -> list[bytes]:
    """All lines as a person sees them: another source begins a new one."""
    shown, before = b"", None
    for piece in LogReader(directory, selection).pieces():
        shown += (
            b"\n" if before not in (None, piece.source) and not shown.endswith(b"\n") else b""
        ) + piece.data
        before = piece.source
    return shown.splitlines(keepends=True)


@pytest.mark.parametrize("seed", range(40))
def test_the_tail_is_the_end_of_the_whole(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    directory = kept(
        tmp_path,
        [
            out(
                chance.choice([b"x", b"\n", b"one\n", b"two\nthree\n", b"four\nfi", b"\n\n"]),
                chance.randrange(2),
                stream=chance.choice(list(Stream)),
            )
            for _ in range(30)
        ],
    ).directory
    for selection in (Selection(), Selection(stream=Stream.STDERR), Selection(stages={0})):
        everything = lines(directory, selection)
        for count in (0, 1, 2, 5, 20, 100):
            shown, before = b"", None
            for piece in LogReader(directory, selection).tail(count):
                shown += (
                    b"\n"
                    if before not in (None, piece.source) and not shown.endswith(b"\n")
                    else b""
                ) + piece.data
                before = piece.source
            assert (
                shown.splitlines(keepends=True) == everything[len(everything) - count :]
                if (count < len(everything))
                else everything
            )


def flood(project: Path, pieces: int, size: int) -> Path:
    """A journal of `pieces` outputs of `size` bytes each, lines of 100."""
    journal = FileJournal.create(project, 1, snapshot(), {})
    journal.write(StageStarted(at=AT, stage=0))
    line = b"x" * 91
    for number in range(pieces):
        journal.write(
            out(
                b"".join(b"%08d%s\n" % (number, line) for _ in range(size // 100)),
                at=AT + number / 1000,
            )
        )
    journal.finish(journal.record())
    return journal.directory


def test_the_tail_of_a_log_is_read_without_the_rest(tmp_path: Path) -> None:
    directory = flood(tmp_path, 1000, 100_000)
    assert (directory / "output.log").stat().st_size == 100_000_000

    before = bytes_read()
    pieces = LogReader(directory).tail(20)
    assert bytes_read() - before < 1_000_000
    assert data(pieces) == (b"%08d" % 999 + b"x" * 91 + b"\n") * 20


def test_the_middle_of_many_pieces_is_found_without_reading_the_rest(tmp_path: Path) -> None:
    directory = flood(tmp_path, 50_000, 100)
    reader = LogReader(directory)

    before = bytes_read()
    for offset in (4_000_000, 1, 4_999_850, 2_500_000, 777_777):
        piece = next(iter(reader.pieces(offset)))
        assert piece.offset == offset
        assert int(
            piece.data[:8] if offset % 100 == 0 else next(iter(reader.pieces(piece.end))).data[:8]
        ) == -(-offset // 100)
    assert bytes_read() - before < 4_000_000, "ten times a part of 11 MB"
    assert list(reader.pieces(5_000_000)) == []


class Writer:
    """Writes a push in another thread, a step at a time, as its runner would."""

    def __init__(self, project: Path) -> None:
        self.journal = FileJournal.create(project, 1, snapshot(), {})
        self.alive = True

    def __enter__(self) -> "Writer":
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()
        return self

    def _write(self) -> None:
        self.journal.write(PushStarted(at=AT))
        for number in range(5):
            time.sleep(0.05)
            self.journal.write(out(b"%d\n" % number))
        self.end()

    def end(self) -> None:
        self.journal.write(PushEnded(at=AT, state=State.SUCCEEDED))

    def __exit__(self, *exception: object) -> None:
        self._thread.join()


def test_following_ends_when_the_push_does(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer:
        seen = [
            event
            for event in LogReader(writer.journal.directory).events_from(running=lambda: True)
            if isinstance(event, Piece)
        ]
    assert data(seen) == b"0\n1\n2\n3\n4\n"


def test_following_ends_when_nobody_runs_the_push_any_more(tmp_path: Path) -> None:
    class Dying(Writer):
        def end(self) -> None:
            self.alive = False

    with Dying(tmp_path) as writer:
        seen = [
            event
            for event in LogReader(writer.journal.directory).events_from(
                running=lambda: writer.alive
            )
            if isinstance(event, Piece)
        ]
    assert data(seen) == b"0\n1\n2\n3\n4\n"


def test_following_a_push_that_ended_shows_it_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = kept(tmp_path, whole()).directory

    def wait(seconds: float) -> None:
        pytest.fail("nothing more will come")

    monkeypatch.setattr(time, "sleep", wait)
    seen = list(LogReader(directory).events_from(running=lambda: True))
    assert len(seen) == len(whole())


def test_following_a_resumed_push_doesnt_end_where_it_ended_before(tmp_path: Path) -> None:
    journal = kept(
        tmp_path, [*whole(), PushStarted(at=AT + 1, resumed=True), out(b"again\n")], finish=False
    )
    asked = []

    def running() -> bool:
        asked.append(True)
        return False

    seen = list(LogReader(journal.directory).events_from(running=running))
    assert asked and isinstance(seen[-1], Piece) and seen[-1].data == b"again\n"


def test_a_push_without_output_or_without_journal_is_read_as_nothing(tmp_path: Path) -> None:
    (journal_directory(tmp_path) / "1").mkdir(parents=True)

    reader = LogReader(journal_directory(tmp_path) / "1")
    assert list(reader.pieces()) == reader.tail(3) == []


def test_output_that_was_never_reported_of_is_shown_with_the_stage_that_ran(tmp_path: Path) -> None:
    directory = kept(tmp_path, [StageStarted(at=AT, stage=1)], finish=False).directory
    with (directory / "output.log").open("ab") as log:
        log.write(b"last words\n")

    for pieces in (list(LogReader(directory).pieces()), LogReader(directory).tail(1)):
        assert [(piece.stage, piece.data) for piece in pieces] == [(1, b"last words\n")]
    os.truncate(directory / "output.log", 0)
    assert list(LogReader(directory).pieces()) == []
