"""A push on a terminal: the line that moves, the question that waits."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from struct import pack

import pytest

from bootstrapper.deploy.screen.printable import cells


def on_a_terminal(
    script: str, *, columns: int = 80, typed: bytes = b"", **environment: str
) -> bytes:
    """What a script with this module's names writes to a terminal."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", 24, columns, 0, 0))
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8", **environment}
    with subprocess.Popen(
        [sys.executable, "-c", f"from tests.deploy.test_console import *\n{script}"],
        cwd=Path(__file__).parents[2],
        env=env,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    ) as process:
        os.close(slave)
        os.write(master, typed)
        output = b""
        with suppress(OSError):  # EIO once the last writer has gone
            while select.select([master], [], [], 20)[0] and (data := os.read(master, 65536)):
                output += data
        os.close(master)
        assert process.wait(20) == 0, output.decode()
    return output


def drawn(output: bytes, columns: int = 80) -> list[str]:
    """The lines of a terminal after `output`; it knows the control sequences that we use."""
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", output.decode()):
        if part == "\n":
            lines.append("")
        elif part == "\r":
            column = 0
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        elif part.startswith("\x1b"):
            assert part.endswith("m"), part
        else:
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part) :]
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
        "✓ git-clone     1.2 s",
        "✗ unit-tests    1.2 s  exit status 1",
        "    | test one",
        "    ! FAIL: test two",
        "    ! no newline",
        "production is as it was",
        "",
    ]


def test_the_moving_line_tells_what_runs_and_what_it_says() -> None:
    output = on_a_terminal(PLAY).decode()

    assert re.search(
        r"\r\x1b\[K[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] git-clone     0\.\d s\x1b\[2m  Cloning\x1b\[0m", output
    )
    assert "\x1b[32m✓\x1b[0m" in output and "\x1b[31m✗\x1b[0m" in output


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_is_left_out_where_it_isnt_wanted(environment: dict[str, str]) -> None:
    assert b"m" not in re.findall(rb"\x1b\[[0-9;]*([A-Za-z])", on_a_terminal(PLAY, **environment))


def test_what_a_stage_says_cannot_steer_the_terminal() -> None:
    output = on_a_terminal("""
console = Console(NAMES)
console.show(StageStarted(at=AT, stage=0))
for data in (b"\\x1b]0;evil\\x07", b"\\x1b[2J", b"\\x9b2J", b"\\x07\\x08", b"x\\x1b[31m" * 99):
    console.show(out(data + b"\\n"))
    time.sleep(0.06)
    console.tick()
console.show(ended(0, State.FAILED, reason="\\x1b[5mblink"))
""")
    assert set(re.findall(rb"\x1b[^m]*?[A-Za-z]", output)) <= {
        b"\x1b[K",
        b"\x1b[2m",
        b"\x1b[0m",
        b"\x1b[31m",
    }
    assert b"\x07" not in output and b"evil" not in output
    drawn(output)


def test_a_narrow_terminal_keeps_the_moving_line_on_one_row() -> None:
    drawn(on_a_terminal(PLAY.replace("Cloning", "x" * 200), columns=40), 40)


def answered(typed: bytes, call: str = 'console.ask("migrate?", CHOICES, "run")') -> str:
    output = on_a_terminal(
        f"""
CHOICES = ["run", "skip", "stop", "look around"]
console = Console(NAMES)
print("answer:", repr({call}))
""",
        typed=typed,
    )
    return output.decode().split("answer: ")[1].strip()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (b"\n", "run"),
        (b"skip\n", "skip"),
        (b"SK\n", "skip"),
        (b"l\n", "look around"),
        (b"s\nstop\n", "stop"),
        (b"what\nrun\n", "run"),
        (b"\x04", ""),
    ],
)
def test_a_question_takes_a_word_or_its_beginning(typed: bytes, answer: str) -> None:
    assert answered(typed) == repr(answer)


def test_while_a_person_thinks_the_lock_is_kept_alive_and_a_cancel_is_heard() -> None:
    assert (
        answered(
            b"",
            """(lambda beats: (console.ask(
        "migrate?", CHOICES, "run", meanwhile=lambda: beats.append(1),
        ended=lambda: "cancelled" if len(beats) > 3 else ""), len(beats)))([])""",
        )
        == "('', 4)"
    )


def test_closed_streams_are_no_traceback() -> None:
    script = "from tests.deploy.test_console import *\n" + PLAY + "\nconsole.ask('x', ['a'], 'a')"
    result = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" <&- >&-', sys.executable, script],
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert (result.stderr, result.returncode) == (b"", 0)
