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
from tests.support.jobs import QUICK, reported

ORDINARY_SIGNALS = (1 << 31) - 1  # 1 to 31, as a set of bits


def test_a_job_that_does_its_work_succeeds() -> None:
    with reported() as tale:
        outcome = tale.bash("echo done")
    assert (outcome.state, outcome.exit, outcome.reason) == (State.SUCCEEDED, 0, "")
    assert tale.output == b"done\n"
    assert tale.notes == []


def test_a_job_that_fails_says_how() -> None:
    with reported() as tale:
        outcome = tale.bash("exit 3")
        assert (outcome.state, outcome.exit, outcome.reason) == (State.FAILED, 3, "exit status 3")
        outcome = tale.bash("kill -9 $$")
        assert (outcome.state, outcome.exit) == (State.FAILED, -9)
        assert outcome.reason == "ended by signal 9 (SIGKILL)"


def test_a_job_that_cannot_be_run_says_why_in_words(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with reported() as tale:
        for argv, directory, status, reason in [
                (["no-such-program"], tmp_path, 127, "no-such-program: command not found"),
                ([str(plain)], tmp_path, 126, f"{plain}: not executable"),
                ([str(script)], tmp_path, 127,
                 f"{script}: the interpreter in its first line wasn't found"),
                (["true"], tmp_path / "gone", 127,
                 f"{tmp_path / 'gone'}: there is no such directory to run it in"),
                (["true", "a\0b"], tmp_path, 126, "true: embedded null byte"),
                (["true", "x" * 300_000], tmp_path, 126, "true: Argument list too long")]:
            outcome, = tale.runner.run([tale.job(*argv, directory=directory)])
            assert (outcome.state, outcome.exit, outcome.reason) == (State.FAILED, status, reason)
        assert tale.bash("true").state == State.SUCCEEDED


def test_a_job_gets_its_environment_an_empty_stdin_and_nothing_else(tmp_path: Path) -> None:
    kept = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(kept, True)
    try:
        with reported() as tale:
            tale.bash("cat; echo $PWD; ls /proc/self/fd | wc -l; grep SigIgn /proc/self/status;"
                      "tr '\\0' '\\n' < /proc/$$/environ | cut -d= -f1 | sort | xargs")
    finally:
        os.close(kept)
    lines = tale.output.decode().splitlines()
    # ls has 0, 1, 2 and the directory that it lists.
    assert [*lines[:2], lines[3]] == ["/", "4", "JOB_MARK PATH"]
    ignored = int(lines[2].removeprefix("SigIgn:"), 16)
    assert ignored & ORDINARY_SIGNALS == 0  # Python itself ignores two; 32 and 33 are the libc's


def test_a_job_can_open_its_streams_by_name() -> None:
    with reported() as tale:
        assert tale.bash("echo a > /dev/stdout; echo b > /dev/stderr; echo c | tee /dev/stderr"
                         ).state == State.SUCCEEDED
    assert sorted(tale.output.split()) == [b"a", b"b", b"c", b"c"]


@pytest.mark.timeout(60)
def test_jobs_run_at_the_same_time_each_reported_by_its_host(tmp_path: Path) -> None:
    with reported() as tale:
        # Each waits for all the others.
        jobs = [tale.job("bash", "-c", f"cd {tmp_path}; touch {host}; until [ $(ls | wc -l) = 20 ]; "
                         f"do sleep 0.05; done; echo {host}", host=host)
                for host in "abcdefghijklmnopqrst"]
        outcomes = tale.runner.run(jobs)
    assert {outcome.state for outcome in outcomes} == {State.SUCCEEDED}
    shown_text = {event.host: event.data for event in tale.events if isinstance(event, Output)}
    assert shown_text == {job.host: f"{job.host}\n".encode() for job in jobs}


def test_times_of_events_never_go_back() -> None:
    with reported() as tale:
        tale.runner.run([tale.job("bash", "-c", "for i in {1..100}; do echo $i; done", host=host)
                         for host in "abc"])
    times = [event.at for event in tale.events]
    assert times == sorted(times)


# Time-outs


@pytest.mark.timeout(60)
def test_ticks_come_while_a_job_is_silent(tmp_path: Path) -> None:
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.monotonic())
        if len(ticks) == 5:
            (tmp_path / "ticked").touch()
    with reported(tick=tick) as tale:
        tale.bash(f"until test -e {tmp_path}/ticked; do sleep 0.02; done")
    assert max(ticks) - min(ticks) > 0.3, "they leave the processor to others"


# What jobs leave behind


def test_what_a_job_leaves_in_its_session_is_ended_and_named() -> None:
    with reported() as tale:
        outcome = tale.bash("sleep 60 & disown; trap '' TERM; sleep 61 & disown; echo done")
        assert outcome.state == State.SUCCEEDED
        assert tale.alive == []
    assert len(tale.notes) == 2
    assert all("left behind by the stage, and ended: process " in note for note in tale.notes)
    assert sorted(note[-10:] for note in tale.notes) == ["(sleep 60)", "(sleep 61)"]


def test_a_reader_of_its_output_has_the_time_to_end_by_itself() -> None:
    with reported() as tale:
        tale.bash("exec > >(sleep 0.1; tee /dev/null); echo through tee")
    assert (tale.output, tale.notes) == (b"through tee\n", [])


def test_a_proper_daemon_survives_the_runner_and_does_not_hold_the_push() -> None:
    with reported() as tale:
        assert tale.bash("setsid sleep 60 & sleep 0.1; echo done").state == State.SUCCEEDED
        daemon, = tale.alive
        assert tale.notes == [
            f"{name} is no longer read, though it is kept open by process {daemon} (sleep 60)"
            for name in ("stdout", "stderr")]
        # Nor does it go when a later stage is cancelled, or timed out.
        assert tale.bash("sleep 60", timeout=0.3).state == State.FAILED
        assert tale.alive == [daemon]
    try:
        assert tale.alive == [daemon]
        assert process_tree.children(os.getpid()) == []
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_a_daemon_that_lets_go_of_its_streams_costs_no_time() -> None:
    with reported() as tale:
        outcome = tale.bash("setsid sleep 60 <&- >/dev/null 2>&1 & sleep 0.1")
        assert outcome.seconds < 0.35
        daemon, = tale.alive
    try:
        assert tale.alive == [daemon], "that of the last stage survives the runner, too"
    finally:
        os.kill(daemon, signal.SIGKILL)
    assert tale.notes == []


def test_nothing_is_left_of_a_push_not_even_a_zombie() -> None:
    with reported() as tale:
        tale.bash("(sleep 0.1 &) ; (setsid true &); sleep 0.3")
        assert len(process_tree.children(os.getpid())) == 1
        supervisor, = process_tree.children(os.getpid())
        assert process_tree.children(supervisor) == []
    assert process_tree.children(os.getpid()) == []
    assert process_tree.adopt_orphans(False) is False


# Trouble on our side


def test_an_error_in_the_consumer_ends_the_jobs_and_is_raised() -> None:
    def full(event: Event) -> None:
        raise OSError(28, "No space left on device")
    with reported() as tale:
        tale.on_event = full
        with pytest.raises(OSError, match="No space left"):
            tale.bash("setsid sleep 60 & echo x; sleep 60")
        assert tale.alive == []
        tale.on_event = tale.events.append
        assert tale.bash("echo again").state == State.SUCCEEDED
        assert tale.output == b"again\n"


def test_an_interrupted_push_ends_its_jobs() -> None:
    with reported() as tale, pytest.raises(KeyboardInterrupt):
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        try:
            tale.bash("setsid sleep 60 & sleep 60")
        finally:
            timer.join()
    assert tale.alive == []


def test_a_push_that_is_stopped_and_continued_loses_nothing_and_times_nothing_out() -> None:
    with reported() as tale:
        ours = os.getpid()
        with subprocess.Popen([
                "bash", "-c", f"sleep 0.5; kill -STOP {ours}; sleep 3; kill -CONT {ours}"]):
            outcome = tale.bash("for i in {1..200}; do echo $i; sleep 0.01; done",
                                timeout=4.5, idle_timeout=2)
    assert outcome.state == State.SUCCEEDED
    assert tale.output == b"".join(b"%d\n" % number for number in range(1, 201))


def test_secrets_are_masked_in_output() -> None:
    with reported({"TOKEN": "abcdef-123456"}) as tale:
        tale.bash("printf abcd; sleep 0.7; echo ef-123456; echo -n ' abcdef-123' >&2")
    assert tale.output == b"[masked TOKEN]\n [masked TOKEN]"


def test_jobs_that_fork_as_they_go_are_all_gone() -> None:
    with reported(patience=QUICK) as tale:
        jobs = [tale.job("bash", "-c", "trap '' INT; while :; do (setsid sleep 5 &); sleep 0.2; "
                                       "done", host=str(number), timeout=1) for number in range(10)]
        timer = threading.Timer(1.0, lambda: setattr(tale, "reason", "cancelled by us"))
        timer.start()
        tale.runner.run(jobs)
        timer.join()
        assert tale.alive == []


def test_a_runner_needs_no_terminal_and_no_working_directory(tmp_path: Path) -> None:
    code = ("import os, sys\n"
            "os.rmdir(os.getcwd())\n"
            "for number in range(3): os.close(number)\n"
            "from tests.support.jobs import told\n"
            "with told() as tale:\n"
            "    tale.bash('echo fine')\n"
            "open(sys.argv[1], 'wb').write(tale.output)\n")
    gone = tmp_path / "gone"
    gone.mkdir()
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "said")], cwd=gone, check=True,
                   env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, timeout=20)
    assert (tmp_path / "said").read_bytes() == b"fine\n"


def test_a_secret_in_a_command_line_that_is_named_is_masked() -> None:
    with reported({"TOKEN": "abcdef-123456"}) as tale:
        tale.bash("bash -c 'sleep 60; : " + "x" * 20 + " abcdef-123456' & disown")
        outcome, = tale.runner.run([tale.job("/no/abcdef-123456")])
    assert outcome.reason == "/no/[masked TOKEN]: command not found"
    assert [("[masked TOKEN]" in note, "abcdef" in note) for note in tale.notes] == [
        (True, False), (False, False)]


def test_without_proc_a_job_s_group_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.setattr(process_tree, "KNOWN", False)
    monkeypatch.setattr(process_tree, "children", lambda pid: [])
    monkeypatch.setattr(process_tree, "status", lambda pid: None)
    with reported() as tale:
        outcome = tale.bash("trap '' INT TERM; sleep 60; sleep 60", timeout=0.3)
        assert (outcome.state, outcome.exit) == (State.FAILED, -signal.SIGKILL)
        assert tale.alive == []


def test_without_epoll_output_passes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.setattr(stream, "_ORDERED", False)
    monkeypatch.setattr(stream, "_EDGE", select.POLLIN)
    with reported() as tale:
        tale.bash("seq 100000; printf end; exec >&- 2>&-; sleep 0.2")
    assert tale.output == b"".join(b"%d\n" % number for number in range(1, 100001)) + b"end"


def test_a_secret_split_between_the_streams_is_never_whole_in_what_follows_each_other() -> None:
    with reported({"TOKEN": "abcdef-123456"}) as tale:
        tale.bash("printf abcdef-; printf 123456 >&2; sleep 0.7; printf 'x\\n'; printf abcdef >&2;"
                  "printf -- -123456")
    assert b"abcdef-123456" not in tale.output
    shown_text = {name: b"".join(event.data for event in tale.events
                           if isinstance(event, Output) and event.stream == name)
            for name in Stream}
    assert shown_text == {Stream.STDOUT: b"abcdef-x\n-123456", Stream.STDERR: b"123456abcdef"}
