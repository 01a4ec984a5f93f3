"""Output comes out whole, in order, and unchanged, in little memory."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import Event, Output, State, Stream
from bootstrapper.deploy.running.stream import OpenLine
from tests.support.jobs import Recorder, recorded

LINES = 1_000_000
PYTHON = "import os, sys\nout, err = 1, 2\n"


def python(recorder: Recorder, code: str) -> None:
    (outcome,) = recorder.runner.run([recorder.job(sys.executable, "-c", PYTHON + code)])
    assert outcome.state == State.SUCCEEDED, outcome


def outputs(recorder: Recorder) -> list[Output]:
    return [event for event in recorder.events if isinstance(event, Output)]


# Order


@pytest.mark.parametrize("turn", range(3))
def test_10000_lines_written_in_turn_come_out_in_exact_order(turn: int) -> None:
    with recorded() as recorder:
        python(recorder, "for i in range(10000): os.write((out, err)[i % 2], b'%d\\n' % i)")
    assert recorder.output == b"".join(b"%d\n" % number for number in range(10000))
    assert [event.stream for event in outputs(recorder)] == [Stream.STDOUT, Stream.STDERR] * 5000


def test_a_shell_that_writes_in_turn_keeps_its_order() -> None:
    with recorded() as recorder:
        recorder.bash(
            "for ((i = 0; i < 3000; i += 3)); do echo $i; echo $((i + 1)) >&2; "
            "echo $((i + 2)); done"
        )
    assert recorder.output == b"".join(b"%d\n" % number for number in range(3000))


def test_programs_that_write_in_turn_keep_their_order() -> None:
    with recorded() as recorder:
        recorder.bash("for i in {1..40}; do /bin/echo out $i; /bin/echo err $i >&2; done")
    assert recorder.output == b"".join(
        b"out %d\nerr %d\n" % (number, number) for number in range(1, 41)
    )


def test_lines_of_several_writes_keep_their_order() -> None:
    with recorded() as recorder:
        python(
            recorder,
            "for i in range(500):\n"
            "    for part in (b'a', b'b' * 5000, b'\\n'): os.write(out, part)\n"
            "    os.write(err, b'warning\\n')",
        )
    assert recorder.output == (b"a" + b"b" * 5000 + b"\nwarning\n") * 500


def test_order_is_exact_again_after_a_flood() -> None:
    with recorded() as recorder:
        python(
            recorder,
            "import time\n"
            "for _ in range(2000): os.write(out, b'x' * 10000 + b'\\n')\n"
            "time.sleep(0.5)\n"
            "for i in range(2000): os.write((out, err)[i % 2], b'%d\\n' % i)",
        )
    _, end, after = recorder.output.rpartition(b"x\n")
    assert end
    assert after == b"".join(b"%d\n" % number for number in range(2000))


def test_an_error_after_a_flood_stands_after_it() -> None:
    with recorded() as recorder:
        recorder.bash("seq 1000000; echo failed >&2; sleep 0.2")
    assert recorder.output.endswith(b"\n1000000\nfailed\n")


# Lines


def test_lines_come_whole_though_they_are_written_in_parts() -> None:
    with recorded() as recorder:
        recorder.bash("printf 'one '; sleep 0.1; printf 'line\\nand '; sleep 0.1; echo another")
    assert [event.data for event in outputs(recorder)] == [b"one line\n", b"and another\n"]


@pytest.mark.timeout(60)
def test_a_prompt_is_shown_while_its_line_is_open(tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    seen: list[bytes] = []
    with recorded() as recorder:

        def listen(event: Event) -> None:
            if isinstance(event, Output):
                seen.append(event.data)
                answer.touch()

        recorder.on_event = listen
        recorder.bash(f"printf 'Continue? '; until test -e {answer}; do sleep 0.02; done; echo no")
    assert seen == [b"Continue? ", b"no\n"]


def test_what_the_other_stream_says_stands_after_a_line_that_was_begun() -> None:
    with recorded() as recorder:
        recorder.bash("printf 'checking... '; echo warning >&2; echo done")
    assert [event.data for event in outputs(recorder)] == [b"checking... ", b"warning\n", b"done\n"]


def test_output_without_a_newline_at_the_end_is_kept() -> None:
    with recorded() as recorder:
        recorder.bash("printf 'no newline'")
        recorder.bash("printf 'nor here' >&2")
    assert [event.data for event in outputs(recorder)] == [b"no newline", b"nor here"]


def test_a_line_comes_in_pieces_once_it_is_long() -> None:
    line = OpenLine()
    assert line.feed(b"x" * 65535, 0) == b""
    assert line.feed(b"y", 0) == b"x" * 65535 + b"y"
    assert line.feed(b"a\nb", 7) == b"a\n"
    assert line.due == 7.5
    assert line.feed(b"c\n", 8) == b"bc\n"
    assert line.due is None


# Nothing changed, nothing lost


def test_bytes_pass_as_they_are(tmp_path: Path) -> None:
    data = (
        bytes(range(256)) + b"\x1b[31mred\x1b[0m\r 10%\r 20%\r\n\xff\xfe\0\n" + os.urandom(300_000)
    )
    (tmp_path / "data").write_bytes(data)
    with recorded() as recorder:
        recorder.bash(f"cat {tmp_path}/data")
        assert recorder.output == data
        recorder.events.clear()
        recorder.bash(f"cat {tmp_path}/data >&2")
        assert recorder.output == data


def test_what_is_written_just_before_the_end_is_kept() -> None:
    with recorded() as recorder:
        for number in range(100):
            recorder.bash(f"printf 'out {number}'; printf 'err {number}' >&2")
    assert recorder.output == b"".join(b"out %derr %d" % (number, number) for number in range(100))


# The consumer is a file; what it says of itself: its most memory in KiB (VmHWM, as getrusage has
# that of the process which forked it as well).
FLOODED = """
import sys
from tests.support.jobs import recorded
with open(sys.argv[1], "wb", buffering=0) as file, recorded() as recorder:
    recorder.on_event = lambda event: file.write(event.data)
    outcome, = recorder.runner.run([recorder.job(*sys.argv[2:])])
assert outcome.exit == 0, outcome
with open("/proc/self/status") as file:
    print(*(line.split()[1] for line in file if line.startswith("VmHWM")))
"""


def flooded(file: Path, *argv: str) -> float:
    """MiB of memory."""
    run = subprocess.run(
        [sys.executable, "-c", FLOODED, str(file), *argv],
        check=True,
        timeout=100,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    return int(run.stdout) / 1024


def test_a_million_lines_pass_whole_in_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "lines").open("wb") as file:
        file.writelines(b"%099d\n" % number for number in range(LINES))
    memory = flooded(tmp_path / "out", "cat", str(tmp_path / "lines"))
    assert (
        subprocess.run(["cmp", tmp_path / "lines", tmp_path / "out"], check=False).returncode == 0
    )
    assert memory < 60


def test_a_line_of_50_mb_passes_whole_in_little_memory(tmp_path: Path) -> None:
    memory = flooded(
        tmp_path / "out",
        sys.executable,
        "-c",
        "import os\nfor _ in range(500): os.write(1, b'0123456789' * 10000)",
    )
    assert (tmp_path / "out").stat().st_size == 50_000_000
    assert re.fullmatch(b"(?:0123456789)*", (tmp_path / "out").read_bytes())
    assert memory < 60


def test_two_streams_that_flood_lose_nothing(tmp_path: Path) -> None:
    with recorded() as recorder:
        recorder.bash("seq 300000 & seq 300000 | sed s/^/e/ >&2; wait")
    for stream, prefix in ((Stream.STDOUT, b""), (Stream.STDERR, b"e")):
        printed = b"".join(event.data for event in outputs(recorder) if event.stream == stream)
        assert printed == b"".join(prefix + b"%d\n" % number for number in range(1, 300001))
