import io
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from struct import pack

import pytest

from bootstrapper.deploy import plain
from bootstrapper.deploy.console import Console
from bootstrapper.deploy.event import Event, Note, Output, StageEnded, StageStarted, State, Stream
from bootstrapper.deploy.printable import cells, fitted, printable
from bootstrapper.deploy.stage_line import shown
from bootstrapper.deploy.tail import Tail
from tests.deploy.pushes import AT, err, out

NAMES = ["git-clone", "unit-tests", "migrate"]


class Text(io.TextIOWrapper):
    """A stream of a given encoding that is no terminal, and what it holds."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding=encoding)

    def text(self) -> str:
        return self.bytes.getvalue().decode()


def ended(stage: int, state: State = State.SUCCEEDED, *, host: str = "", exit_status: int = 0,
          reason: str = "", seconds: float = 1.25) -> StageEnded:
    return StageEnded(at=AT, stage=stage, host=host, state=state, exit=exit_status, reason=reason,
                      seconds=seconds)


STORY: list[Event] = [
    StageStarted(at=AT, stage=0), out(b"Cloning\n"), ended(0),
    StageStarted(at=AT, stage=1), out(b"test one\n", 1), err(b"FAIL: test two\nno newline", 1),
    ended(1, State.FAILED, exit_status=1, reason="exit status 1")]


def told(events: list[Event], *, verbosity: int = 0, hosts: int = 0,
         encoding: str = "utf-8") -> str:
    stream = Text(encoding)
    console = Console(NAMES, hosts=hosts, verbosity=verbosity, stream=stream)
    for event in events:
        console.show(event)
    console.say("production is as it was")
    return stream.text()


def test_off_a_terminal_there_are_plain_lines_and_the_last_words_of_what_failed() -> None:
    assert told(STORY) == """\
git-clone ...
git-clone: succeeded after 1.2 s
unit-tests ...
unit-tests: failed after 1.2 s, exit status 1
    | test one
    ! FAIL: test two
    ! no newline
production is as it was
"""


def test_quiet_tells_of_failures_alone() -> None:
    assert told(STORY, verbosity=-1).splitlines() == [
        "unit-tests: failed after 1.2 s, exit status 1", "    | test one", "    ! FAIL: test two",
        "    ! no newline"]


def test_verbose_passes_everything_on_as_it_is() -> None:
    story = [StageStarted(at=AT, stage=0), out(b"50%\r100%\r\n\xff\x1b[31mred"), ended(0)]
    stream = Text()
    console = Console(NAMES, verbosity=1, stream=stream)
    for event in story:
        console.show(event)

    assert stream.bytes.getvalue().split(b"\n", 1)[1] == (
        b"50%\r100%\r\n\xff\x1b[31mred\n" + "✓ git-clone     1.2 s\n".encode())


def test_an_encoding_that_lacks_the_marks_gets_ascii() -> None:
    text = told([StageStarted(at=AT, stage=0), out("naïve ✓\n".encode()), ended(0),
                 ended(1, State.SKIPPED, reason="skipped by --skip"),
                 StageStarted(at=AT, stage=2), err("é\n".encode(), 2),
                 ended(2, State.FAILED, reason="exit status 2")], encoding="ascii")
    assert "    ! ?" in text and "unit-tests: skipped by --skip" in text
    assert text.isascii()


def test_hosts_are_counted_and_those_that_failed_are_named() -> None:
    hosts = [f"app{number}" for number in range(1, 6)]
    text = told([*(StageStarted(at=AT, stage=2, host=host) for host in hosts),
                 err(b"no such table\n", 2, host="app4"), out(b"fine\n", 2, host="app1"),
                 *(ended(2, host=host) for host in hosts if host != "app4"),
                 ended(2, State.FAILED, host="app4", exit_status=1, reason="exit status 1")],
                hosts=5)
    assert text == """\
migrate ...
migrate: failed after 1.2 s, 4/5 hosts, app4: exit status 1
    app4:
    ! no such table
production is as it was
"""


def test_a_second_batch_goes_on_counting() -> None:
    text = told([StageStarted(at=AT, stage=2, host="app1"), ended(2, host="app1"),
                 StageStarted(at=AT, stage=2, host="app2"), ended(2, host="app2")], hosts=2)
    assert re.findall(r"\d/2 hosts", text) == ["1/2 hosts", "2/2 hosts"]


def test_what_the_engine_notes_is_shown() -> None:
    assert "  git-clone: no output for 30 s\n" in told(
        [StageStarted(at=AT, stage=0), Note(at=AT, stage=0, text="no output for 30 s")])


def test_silence_is_broken_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    stream = Text()
    console = Console(NAMES, stream=stream)
    console.show(StageStarted(at=AT, stage=1))
    for _ in range(900):
        now[0] += 0.1
        console.tick()
    assert stream.text() == ("unit-tests ...\n"
                             "still running unit-tests, 30.0 s\n"
                             "still running unit-tests, 1:00\n")
    assert plain.SILENCE == 30


def test_a_reader_that_has_gone_does_no_harm() -> None:
    script = ("from tests.deploy.test_console import *\n"
              "console = Console(NAMES)\n"
              "for _ in range(2000):\n"
              "    for event in STORY: console.show(event)\n"
              "print('done', file=sys.stderr)")
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"done\n", 0)


@pytest.mark.parametrize(("seconds", "text"), [
    (0.0, "0.0 s"), (9.96, "10.0 s"), (59.94, "59.9 s"), (59.96, "1:00"), (90.4, "1:30"),
    (3599.6, "1:00:00"), (3725, "1:02:05")])
def test_durations(seconds: float, text: str) -> None:
    assert shown(seconds) == text


# Whatever a stage says, a live line holds no character that a terminal obeys.

@pytest.mark.parametrize(("said", "text"), [
    (b"plain", "plain"), (b"\x1b[31mred\x1b[0m", "red"), (b"10%\r50%\r100%\r\n", "100%"),
    (b"\x1b]0;evil\x07title", "title"), (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
    (b"\x1b[2J\x1b[Hhome", "home"), (b"a\tb", "a   b"), (b"a\x08\x08b\x00\x7f", "ab"),
    (b"\x1bPq#0\x1b\\x", "x"), (b"cut \x1b", "cut "), (b"cut \x1b[3", "cut "),
    (b"\xc2\x9b31mred", "red"), (b"\xff", "�"), ("\u202egnol\u202c".encode(), "gnol"),
    (b"\x1b(Bx", "x"), (b"\x1bcx", "x"), ("漢字 é".encode(), "漢字 é"), (b"a\x0bb", "a b")])
def test_printable(said: bytes, text: str) -> None:
    assert printable(said) == text


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
        tail = Tail()
        for start in range(0, len(data), size):
            tail.add(out(data[start:start + size]))
        assert [line for _, line in tail.lines] == [
            *(b"line %d" % number for number in range(81, 100)), b"open"]
        assert tail.last() == b"open"


def test_a_tail_of_an_endless_line_stays_small() -> None:
    tail = Tail()
    for _ in range(1000):
        tail.add(out(b"x" * 65536))
    assert sum(len(line) for _, line in tail.lines) <= 4096


def test_a_tail_keeps_the_streams_apart() -> None:
    tail = Tail()
    for output in (out(b"a"), err(b"b"), out(b"c\n")):
        tail.add(output)
    assert list(tail.lines) == [(Stream.STDOUT, b"a"), (Stream.STDERR, b"b"), (Stream.STDOUT, b"c")]


def on_a_terminal(script: str, *, columns: int = 80, typed: bytes = b"",
                  **environment: str) -> bytes:
    """What a script with this module's names writes to a terminal."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", 24, columns, 0, 0))
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8", **environment}
    with subprocess.Popen(
            [sys.executable, "-c", f"from tests.deploy.test_console import *\n{script}"],
            cwd=Path(__file__).parents[2], env=env, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True) as process:
        os.close(slave)
        os.write(master, typed)
        said = b""
        with suppress(OSError):  # EIO once the last writer has gone
            while select.select([master], [], [], 20)[0] and (data := os.read(master, 65536)):
                said += data
        os.close(master)
        assert process.wait(20) == 0, said.decode()
    return said


def drawn(said: bytes, columns: int = 80) -> list[str]:
    """The lines of a terminal after `said`, of which it knows what we use."""
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", said.decode()):
        if part == "\n":
            lines.append("")
        elif part == "\r":
            column = 0
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        elif part.startswith("\x1b"):
            assert part.endswith("m"), part
        else:
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part):]
            column += len(part)
            moves = any(frame in lines[-1][:1] for frame in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
            assert not moves or cells(lines[-1]) < columns
            continue
        column = 0 if part == "\n" else column
    return lines


PLAY = """
console = Console(NAMES)
for event in STORY:
    console.show(event)
    for _ in range(3):
        time.sleep(0.06)
        console.tick()
console.say("production is as it was")
"""


def test_on_a_terminal_each_stage_leaves_one_line() -> None:
    assert drawn(on_a_terminal(PLAY)) == [
        "✓ git-clone     1.2 s", "✗ unit-tests    1.2 s  exit status 1", "    | test one",
        "    ! FAIL: test two", "    ! no newline", "production is as it was", ""]


def test_the_moving_line_tells_what_runs_and_what_it_says() -> None:
    said = on_a_terminal(PLAY).decode()

    assert re.search(r"\r\x1b\[K[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] git-clone     0\.\d s\x1b\[2m  Cloning\x1b\[0m",
                     said)
    assert "\x1b[32m✓\x1b[0m" in said and "\x1b[31m✗\x1b[0m" in said


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_is_left_out_where_it_isnt_wanted(environment: dict[str, str]) -> None:
    assert b"m" not in re.findall(rb"\x1b\[[0-9;]*([A-Za-z])", on_a_terminal(PLAY, **environment))


def test_what_a_stage_says_cannot_steer_the_terminal() -> None:
    said = on_a_terminal("""
console = Console(NAMES)
console.show(StageStarted(at=AT, stage=0))
for data in (b"\\x1b]0;evil\\x07", b"\\x1b[2J", b"\\x9b2J", b"\\x07\\x08", b"x\\x1b[31m" * 99):
    console.show(out(data + b"\\n"))
    time.sleep(0.06)
    console.tick()
console.show(ended(0, State.FAILED, reason="\\x1b[5mblink"))
""")
    assert set(re.findall(rb"\x1b[^m]*?[A-Za-z]", said)) <= {
        b"\x1b[K", b"\x1b[2m", b"\x1b[0m", b"\x1b[31m"}
    assert b"\x07" not in said and b"evil" not in said
    drawn(said)


def test_a_narrow_terminal_keeps_the_moving_line_on_one_row() -> None:
    drawn(on_a_terminal(PLAY.replace("Cloning", "x" * 200), columns=40), 40)


def answered(typed: bytes, call: str = 'console.ask("migrate?", CHOICES, "run")') -> str:
    said = on_a_terminal(f"""
CHOICES = ["run", "skip", "stop", "look around"]
console = Console(NAMES)
print("answer:", repr({call}))
""", typed=typed)
    return said.decode().split("answer: ")[1].strip()


@pytest.mark.parametrize(("typed", "answer"), [
    (b"\n", "run"), (b"skip\n", "skip"), (b"SK\n", "skip"), (b"l\n", "look around"),
    (b"s\nstop\n", "stop"), (b"what\nrun\n", "run"), (b"\x04", "run")])
def test_a_question_takes_a_word_or_its_beginning(typed: bytes, answer: str) -> None:
    assert answered(typed) == repr(answer)


def test_while_a_person_thinks_the_lock_is_kept_alive_and_a_cancel_is_heard() -> None:
    assert answered(b"", """(lambda beats: (console.ask(
        "migrate?", CHOICES, "run", meanwhile=lambda: beats.append(1),
        ended=lambda: "cancelled" if len(beats) > 3 else ""), len(beats)))([])""") == "('', 4)"


def test_closed_streams_are_no_traceback() -> None:
    script = "from tests.deploy.test_console import *\n" + PLAY + "\nconsole.ask('x', ['a'], 'a')"
    result = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" <&- >&-', sys.executable, script], stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2])
    assert (result.stderr, result.returncode) == (b"", 0)


def test_a_flood_costs_little() -> None:
    stream = Text()
    console = Console(NAMES, stream=stream)
    console.show(StageStarted(at=AT, stage=0))
    piece = out((b"x" * 99 + b"\n") * 650)
    show: Callable[[Output], None] = console.show
    started = time.process_time()
    for _ in range(1600):
        show(piece)
    assert time.process_time() - started < 0.5
