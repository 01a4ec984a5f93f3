"""Jobs run, end, and leave nothing behind."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import Event, Output, State, Stream
from bootstrapper.deploy.running import process_tree, stream
from bootstrapper.deploy.running.job_run import Patience
from tests.support.jobs import DETACHED, QUICK, recorded

ORDINARY_SIGNALS = (1 << 31) - 1  # 1 to 31, as a set of bits


def test_a_job_that_does_its_work_succeeds() -> None:
    with recorded() as recorder:
        outcome = recorder.bash("echo done")
    assert (outcome.state, outcome.exit, outcome.reason) == (State.SUCCEEDED, 0, "")
    assert recorder.output == b"done\n"
    assert recorder.notes == []


def test_a_job_that_fails_says_how() -> None:
    with recorded() as recorder:
        outcome = recorder.bash("exit 3")
        assert (outcome.state, outcome.exit, outcome.reason) == (State.FAILED, 3, "exit status 3")
        outcome = recorder.bash("kill -9 $$")
        assert (outcome.state, outcome.exit) == (State.FAILED, -9)
        assert outcome.reason == "ended by signal 9 (SIGKILL)"


def test_a_job_that_cannot_be_run_says_why_in_words(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with recorded() as recorder:
        for argv, directory, status, reason in [
            (["no-such-program"], tmp_path, 127, "no-such-program: command not found"),
            ([str(plain)], tmp_path, 126, f"{plain}: not executable"),
            (
                [str(script)],
                tmp_path,
                127,
                f"{script}: the interpreter in its first line wasn't found",
            ),
            (
                ["true"],
                tmp_path / "gone",
                127,
                f"{tmp_path / 'gone'}: there is no such directory to run it in",
            ),
            (["true", "a\0b"], tmp_path, 126, "true: embedded null byte"),
            (["true", "x" * 300_000], tmp_path, 126, "true: Argument list too long"),
        ]:
            (outcome,) = recorder.runner.run([recorder.job(*argv, directory=directory)])
            assert (outcome.state, outcome.exit, outcome.reason) == (State.FAILED, status, reason)
        assert recorder.bash("true").state == State.SUCCEEDED


def test_a_job_gets_its_environment_an_empty_stdin_and_nothing_else(tmp_path: Path) -> None:
    kept = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(kept, True)
    try:
        with recorded() as recorder:
            recorder.bash(
                "cat; echo $PWD; ls /proc/self/fd | wc -l; grep SigIgn /proc/self/status;"
                "tr '\\0' '\\n' < /proc/$$/environ | cut -d= -f1 | sort | xargs"
            )
    finally:
        os.close(kept)
    lines = recorder.output.decode().splitlines()
    # ls has 0, 1, 2 and the directory that it lists.
    assert [*lines[:2], lines[3]] == ["/", "4", "JOB_MARK PATH"]
    ignored = int(lines[2].removeprefix("SigIgn:"), 16)
    assert ignored & ORDINARY_SIGNALS == 0  # Python itself ignores two; 32 and 33 are the libc's


def test_a_job_can_open_its_streams_by_name() -> None:
    with recorded() as recorder:
        assert (
            recorder.bash(
                "echo a > /dev/stdout; echo b > /dev/stderr; echo c | tee /dev/stderr"
            ).state
            == State.SUCCEEDED
        )
    assert sorted(recorder.output.split()) == [b"a", b"b", b"c", b"c"]


@pytest.mark.timeout(60)
def test_jobs_run_at_the_same_time_each_reported_by_its_host(tmp_path: Path) -> None:
    with recorded() as recorder:
        # Each waits for all the others.
        jobs = [
            recorder.job(
                "bash",
                "-c",
                f"cd {tmp_path}; touch {host}; until [ $(ls | wc -l) = 20 ]; "
                f"do sleep 0.05; done; echo {host}",
                host=host,
            )
            for host in "abcdefghijklmnopqrst"
        ]
        outcomes = recorder.runner.run(jobs)
    assert {outcome.state for outcome in outcomes} == {State.SUCCEEDED}
    printed = {event.host: event.data for event in recorder.events if isinstance(event, Output)}
    assert printed == {job.host: f"{job.host}\n".encode() for job in jobs}


def test_times_of_events_never_go_back() -> None:
    with recorded() as recorder:
        recorder.runner.run(
            [
                recorder.job("bash", "-c", "for i in {1..100}; do echo $i; done", host=host)
                for host in "abc"
            ]
        )
    times = [event.at for event in recorder.events]
    assert times == sorted(times)


# Time-outs


@pytest.mark.timeout(60)
def test_ticks_come_while_a_job_is_silent(tmp_path: Path) -> None:
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.monotonic())
        if len(ticks) == 5:
            (tmp_path / "ticked").touch()

    with recorded(tick=tick) as recorder:
        recorder.bash(f"until test -e {tmp_path}/ticked; do sleep 0.02; done")
    assert max(ticks) - min(ticks) > 0.3, "they leave the processor to others"


# What jobs leave behind


def test_what_a_job_leaves_in_its_session_is_ended_and_named() -> None:
    with recorded() as recorder:
        outcome = recorder.bash("sleep 60 & disown; trap '' TERM; sleep 61 & disown; echo done")
        assert outcome.state == State.SUCCEEDED
        assert recorder.alive == []
    assert len(recorder.notes) == 2
    assert all("left behind by the stage, and ended: process " in note for note in recorder.notes)
    assert sorted(note[-10:] for note in recorder.notes) == ["(sleep 60)", "(sleep 61)"]


def test_a_reader_of_its_output_has_the_time_to_end_by_itself() -> None:
    with recorded() as recorder:
        recorder.bash("exec > >(sleep 0.1; tee /dev/null); echo through tee")
    assert (recorder.output, recorder.notes) == (b"through tee\n", [])


def test_a_proper_daemon_survives_the_runner_and_does_not_hold_the_push() -> None:
    with recorded() as recorder:
        assert recorder.bash(f"setsid sleep 60 & {DETACHED}; echo done").state == State.SUCCEEDED
        (daemon,) = recorder.alive
        assert recorder.notes == [
            f"{name} is no longer read, though it is kept open by process {daemon} (sleep 60)"
            for name in ("stdout", "stderr")
        ]
        # Nor does it go when a later stage is cancelled, or timed out.
        assert recorder.bash("sleep 60", timeout=0.3).state == State.FAILED
        assert recorder.alive == [daemon]
    try:
        assert recorder.alive == [daemon]
        assert process_tree.children(os.getpid()) == []
    finally:
        os.kill(daemon, signal.SIGKILL)


@pytest.mark.timeout(60)
def test_a_daemon_without_streams_is_not_waited_for() -> None:
    # If the runner waited for the daemon or its streams, it would do so until the test times out.
    patient = Patience(interrupted=600, terminated=600, lingering=600, left=600, open=600)
    with recorded(patience=patient) as recorder:
        outcome = recorder.bash(f"setsid sleep 600 <&- >/dev/null 2>&1 & {DETACHED}")
        assert outcome.state == State.SUCCEEDED
        (daemon,) = recorder.alive
    try:
        assert recorder.alive == [daemon], "that of the last stage survives the runner, too"
    finally:
        os.kill(daemon, signal.SIGKILL)
    assert recorder.notes == []


def test_nothing_is_left_of_a_push_not_even_a_zombie() -> None:
    with recorded() as recorder:
        recorder.bash("(sleep 0.1 &) ; (setsid true &); sleep 0.3")
        assert len(process_tree.children(os.getpid())) == 1
        (supervisor,) = process_tree.children(os.getpid())
        assert process_tree.children(supervisor) == []
    assert process_tree.children(os.getpid()) == []
    assert process_tree.adopt_orphans(False) is False


# Trouble on our side


def test_an_error_in_the_consumer_ends_the_jobs_and_is_raised() -> None:
    def full(event: Event) -> None:
        raise OSError(28, "No space left on device")

    with recorded() as recorder:
        recorder.on_event = full
        with pytest.raises(OSError, match="No space left"):
            recorder.bash("setsid sleep 60 & echo x; sleep 60")
        assert recorder.alive == []
        recorder.on_event = recorder.events.append
        assert recorder.bash("echo again").state == State.SUCCEEDED
        assert recorder.output == b"again\n"


def test_an_interrupted_push_ends_its_jobs() -> None:
    with recorded() as recorder, pytest.raises(KeyboardInterrupt):
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        try:
            recorder.bash("setsid sleep 60 & sleep 60")
        finally:
            timer.join()
    assert recorder.alive == []


def test_a_stopped_push_continues_without_loss_or_time_out(tmp_path: Path) -> None:
    with recorded() as recorder:
        stop = f"""
            until [ -e begun ]; do sleep 0.02; done; kill -STOP {os.getpid()}; touch stopped
            sleep 5; kill -CONT {os.getpid()}; touch continued
        """
        with subprocess.Popen(["bash", "-c", stop], cwd=tmp_path):
            outcome = recorder.bash(
                f"cd {tmp_path}; seq 100; touch begun; until [ -e stopped ]; do sleep 0.02; done;"
                "seq 101 200; until [ -e continued ]; do sleep 0.02; done",
                timeout=5,
                idle_timeout=4,
            )
    assert outcome.state == State.SUCCEEDED
    assert recorder.output == b"".join(b"%d\n" % number for number in range(1, 201))


def test_secrets_are_masked_in_output() -> None:
    with recorded({"TOKEN": "abcdef-123456"}) as recorder:
        recorder.bash("printf abcd; sleep 0.7; echo ef-123456; echo -n ' abcdef-123' >&2")
    assert recorder.output == b"[masked TOKEN]\n [masked TOKEN]"


def test_jobs_that_fork_as_they_go_are_all_gone() -> None:
    with recorded(patience=QUICK) as recorder:
        jobs = [
            recorder.job(
                "bash",
                "-c",
                "trap '' INT; while :; do (setsid sleep 5 &); sleep 0.2; done",
                host=str(number),
                timeout=1,
            )
            for number in range(10)
        ]
        timer = threading.Timer(1.0, lambda: setattr(recorder, "reason", "cancelled by us"))
        timer.start()
        recorder.runner.run(jobs)
        timer.join()
        assert recorder.alive == []


def test_a_runner_needs_no_terminal_and_no_working_directory(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "os.rmdir(os.getcwd())\n"
        "for number in range(3): os.close(number)\n"
        "from tests.support.jobs import recorded\n"
        "with recorded() as recorder:\n"
        "    recorder.bash('echo fine')\n"
        "open(sys.argv[1], 'wb').write(recorder.output)\n"
    )
    gone = tmp_path / "gone"
    gone.mkdir()
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "output")],
        cwd=gone,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=20,
    )
    assert (tmp_path / "output").read_bytes() == b"fine\n"


def test_a_secret_in_a_command_line_that_is_named_is_masked() -> None:
    with recorded({"TOKEN": "abcdef-123456"}) as recorder:
        recorder.bash("bash -c 'sleep 60; : " + "x" * 20 + " abcdef-123456' & disown")
        (outcome,) = recorder.runner.run([recorder.job("/no/abcdef-123456")])
    assert outcome.reason == "/no/[masked TOKEN]: command not found"
    assert [("[masked TOKEN]" in note, "abcdef" in note) for note in recorder.notes] == [
        (True, False),
        (False, False),
    ]


def test_without_proc_a_job_s_group_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.setattr(process_tree, "KNOWN", False)
    monkeypatch.setattr(process_tree, "children", lambda pid: [])
    monkeypatch.setattr(process_tree, "status", lambda pid: None)
    with recorded() as recorder:
        outcome = recorder.bash("trap '' INT TERM; sleep 60; sleep 60", timeout=0.3)
        assert (outcome.state, outcome.exit) == (State.FAILED, -signal.SIGKILL)
        assert recorder.alive == []


def test_without_epoll_output_passes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.setattr(stream, "_ORDERED", False)
    monkeypatch.setattr(stream, "_EDGE", select.POLLIN)
    with recorded() as recorder:
        recorder.bash("seq 100000; printf end; exec >&- 2>&-; sleep 0.2")
    assert recorder.output == b"".join(b"%d\n" % number for number in range(1, 100001)) + b"end"


def test_a_secret_split_between_streams_is_never_shown_whole() -> None:
    with recorded({"TOKEN": "abcdef-123456"}) as recorder:
        recorder.bash(
            "printf abcdef-; printf 123456 >&2; sleep 0.7; printf 'x\\n'; printf abcdef >&2;"
            "printf -- -123456"
        )
    assert b"abcdef-123456" not in recorder.output
    printed = {
        name: b"".join(
            event.data
            for event in recorder.events
            if isinstance(event, Output) and event.stream == name
        )
        for name in Stream
    }
    assert printed == {Stream.STDOUT: b"abcdef-x\n-123456", Stream.STDERR: b"123456abcdef"}
