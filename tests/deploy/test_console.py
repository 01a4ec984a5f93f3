import io
import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import (
    Event,
    Note,
    StageEnded,
    StageStarted,
    State,
    Stream,
)
from bootstrapper.deploy.screen import renderers
from bootstrapper.deploy.screen.console import Console
from bootstrapper.deploy.screen.printable import cells, fitted, printable
from bootstrapper.deploy.screen.stage_line import OutputTail, shown
from bootstrapper.progress import CLEAR_LINE, REPAINT_SECONDS
from tests.support.pushes import AT, err, out

NAMES = ["git-clone", "unit-tests", "migrate"]


class Text(io.TextIOWrapper):
    """A stream of a given encoding that is no terminal, and what it holds."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding=encoding)

    def text(self) -> str:
        return self.bytes.getvalue().decode()


def ended(
    stage: int,
    state: State = State.SUCCEEDED,
    *,
    host: str = "",
    exit_status: int = 0,
    reason: str = "",
    seconds: float = 1.25,
) -> StageEnded:
    return StageEnded(
        at=AT, stage=stage, host=host, state=state, exit=exit_status, reason=reason, seconds=seconds
    )


STORY: list[Event] = [
    StageStarted(at=AT, stage=0),
    out(b"Cloning\n"),
    ended(0),
    StageStarted(at=AT, stage=1),
    out(b"test one\n", 1),
    err(b"FAIL: test two\nno newline", 1),
    ended(1, State.FAILED, exit_status=1, reason="exit status 1"),
]


def reported(
    events: list[Event], *, verbosity: int = 0, hosts: int = 0, encoding: str = "utf-8"
) -> str:
    stream = Text(encoding)
    console = Console(NAMES, hosts=hosts, verbosity=verbosity, stream=stream)
    for event in events:
        console.show(event)
    console.say("production is as it was")
    return stream.text()


def test_plain_output_ends_with_the_last_lines_of_a_failure() -> None:
    assert (
        reported(STORY)
        == """\
git-clone ...
git-clone: succeeded after 1.2 s
unit-tests ...
unit-tests: failed after 1.2 s, exit status 1
    | test one
    ! FAIL: test two
    ! no newline
production is as it was
"""
    )


def test_quiet_tells_of_failures_alone() -> None:
    assert reported(STORY, verbosity=-1).splitlines() == [
        "unit-tests: failed after 1.2 s, exit status 1",
        "    | test one",
        "    ! FAIL: test two",
        "    ! no newline",
    ]


def test_verbose_passes_everything_on_as_it_is() -> None:
    story = [StageStarted(at=AT, stage=0), out(b"50%\r100%\r\n\xff\x1b[31mred"), ended(0)]
    stream = Text()
    console = Console(NAMES, verbosity=1, stream=stream)
    for event in story:
        console.show(event)

    assert stream.bytes.getvalue().split(b"\n", 1)[1] == (
        b"50%\r100%\r\n\xff\x1b[31mred\n" + "✓ git-clone     1.2 s\n".encode()
    )


def test_an_encoding_that_lacks_the_marks_gets_ascii() -> None:
    text = reported(
        [
            StageStarted(at=AT, stage=0),
            out("naïve ✓\n".encode()),
            ended(0),
            ended(1, State.SKIPPED, reason="skipped by --skip"),
            StageStarted(at=AT, stage=2),
            err("é\n".encode(), 2),
            ended(2, State.FAILED, reason="exit status 2"),
        ],
        encoding="ascii",
    )
    assert "    ! ?" in text and "unit-tests: skipped by --skip" in text
    assert text.isascii()


def test_hosts_are_counted_and_those_that_failed_are_named() -> None:
    hosts = [f"app{number}" for number in range(1, 6)]
    text = reported(
        [
            *(StageStarted(at=AT, stage=2, host=host) for host in hosts),
            err(b"no such table\n", 2, host="app4"),
            out(b"fine\n", 2, host="app1"),
            *(ended(2, host=host) for host in hosts if host != "app4"),
            ended(2, State.FAILED, host="app4", exit_status=1, reason="exit status 1"),
        ],
        hosts=5,
    )
    assert (
        text
        == """\
migrate ...
migrate: failed after 1.2 s, 4/5 hosts, app4: exit status 1
    app4:
    ! no such table
production is as it was
"""
    )


def test_a_second_batch_goes_on_counting() -> None:
    text = reported(
        [
            StageStarted(at=AT, stage=2, host="app1"),
            ended(2, host="app1"),
            StageStarted(at=AT, stage=2, host="app2"),
            ended(2, host="app2"),
        ],
        hosts=2,
    )
    assert re.findall(r"\d/2 hosts", text) == ["1/2 hosts", "2/2 hosts"]


def test_what_the_engine_notes_is_shown() -> None:
    assert "  git-clone: no output for 30 s\n" in reported(
        [StageStarted(at=AT, stage=0), Note(at=AT, stage=0, text="no output for 30 s")]
    )


def test_silence_is_broken_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    stream = Text()
    console = Console(NAMES, stream=stream)
    console.show(StageStarted(at=AT, stage=1))
    for _ in range(900):
        now[0] += 0.1
        console.tick()
    assert stream.text() == (
        "unit-tests ...\nstill running unit-tests, 30.0 s\nstill running unit-tests, 1:00\n"
    )
    assert renderers.SILENCE == 30


def test_a_reader_that_has_gone_does_no_harm() -> None:
    script = (
        "from tests.deploy.test_console import *\n"
        "console = Console(NAMES)\n"
        "for _ in range(2000):\n"
        "    for event in STORY: console.show(event)\n"
        "print('done', file=sys.stderr)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"done\n", 0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"),
        (9.96, "10.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1:00"),
        (90.4, "1:30"),
        (3599.6, "1:00:00"),
        (3725, "1:02:05"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert shown(seconds) == text


# Whatever a stage says, a live line holds no character that a terminal obeys.


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        (b"plain", "plain"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"10%\r50%\r100%\r\n", "100%"),
        (b"\x1b]0;evil\x07title", "title"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b[2J\x1b[Hhome", "home"),
        (b"a\tb", "a   b"),
        (b"a\x08\x08b\x00\x7f", "ab"),
        (b"\x1bPq#0\x1b\\x", "x"),
        (b"cut \x1b", "cut "),
        (b"cut \x1b[3", "cut "),
        (b"\xc2\x9b31mred", "red"),
        (b"\xff", "�"),
        ("\u202egnol\u202c".encode(), "gnol"),
        (b"\x1b(Bx", "x"),
        (b"\x1bcx", "x"),
        ("漢字 é".encode(), "漢字 é"),
        (b"a\x0bb", "a b"),
    ],
)
def test_printable(printed: bytes, text: str) -> None:
    assert printable(printed) == text


def test_no_byte_and_no_pair_of_bytes_after_an_escape_gets_through() -> None:
    for first in range(256):
        for second in range(256):
            text = printable(b"\x1b" + bytes([first, second]) + b"x")
            assert text.isprintable(), (first, second)


def test_text_is_cut_by_columns_not_by_characters() -> None:
    assert cells("漢字e\u0301") == 5
    assert fitted("漢字漢字", 5) == "漢字…"
    assert fitted("漢字漢字", 6) == "漢字…"
    assert fitted("漢字漢字", 8) == "漢字漢字"
    assert fitted("abc", 2, more="...") == ""
    assert fitted("abcdef", 5, more="...") == "ab..."


def test_a_tail_keeps_the_last_lines_whatever_the_pieces() -> None:
    data = b"".join(b"line %d\n" % number for number in range(100)) + b"open"
    for size in (1, 3, 7, 50, 10_000):
        tail = OutputTail()
        for start in range(0, len(data), size):
            tail.add(out(data[start : start + size]))
        assert [line for _, line in tail.lines] == [
            *(b"line %d" % number for number in range(81, 100)),
            b"open",
        ]
        assert tail.last() == b"open"


def test_a_tail_of_an_endless_line_stays_small() -> None:
    tail = OutputTail()
    for _ in range(1000):
        tail.add(out(b"x" * 65536))
    assert sum(len(line) for _, line in tail.lines) <= 4096


def test_a_tail_keeps_the_streams_apart() -> None:
    tail = OutputTail()
    for output in (out(b"a"), err(b"b"), out(b"c\n")):
        tail.add(output)
    assert list(tail.lines) == [(Stream.STDOUT, b"a"), (Stream.STDERR, b"b"), (Stream.STDOUT, b"c")]


class Terminal(Text):
    """The same, of a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_flood_repaints_at_the_pace_of_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    terminal, file = Terminal(), Text()
    consoles = [Console(NAMES, stream=stream) for stream in (terminal, file)]
    for console in consoles:
        console.show(StageStarted(at=AT, stage=0))
    plain = file.text()
    piece = out((b"x" * 99 + b"\n") * 650)
    for _ in range(1600):
        now += 0.001
        for console in consoles:
            console.show(piece)
    painted = terminal.text().count(CLEAR_LINE)
    assert 1.6 / 0.1 < painted <= 1.6 / REPAINT_SECONDS + 1
    assert file.text() == plain


def test_a_tail_of_a_flood_splits_the_last_lines_only() -> None:
    tail = OutputTail()
    piece = out((b"x" * 99 + b"\n") * 10_000)
    tracemalloc.start()
    try:
        tail.add(piece)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < len(piece.data) / 4
