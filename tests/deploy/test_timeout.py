"""Jobs that take too long, and jobs of a push that is cancelled: ended, with all they started."""

import signal

import pytest

from bootstrapper.deploy.events.event import Event, Output, State
from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.process_tree import Process
from tests.support.jobs import recorded

# It leaves its group, its session and its parent, and heeds neither INT nor TERM.
STUBBORN_DAEMON = "trap '' INT TERM; (setsid bash -c \"trap '' INT TERM; sleep 60 & wait\" &)"


def test_a_job_that_takes_too_long_is_interrupted() -> None:
    with recorded() as recorder:
        outcome = recorder.bash("echo begun; sleep 60", timeout=1)
        assert (outcome.state, outcome.exit) == (State.FAILED, -signal.SIGINT)
        assert outcome.reason == "timed out after 1s"
        assert recorder.alive == []
    assert recorder.notes == ["timed out after 1s: it is being ended"]


def test_a_job_may_clean_up_when_it_is_interrupted() -> None:
    with recorded() as recorder:
        outcome = recorder.bash("trap 'echo cleaned; exit 4' INT; sleep 60 & wait", timeout=0.5)
    assert (outcome.state, outcome.exit) == (State.FAILED, 4)
    assert recorder.output == b"cleaned\n"


def test_a_time_out_ends_stubborn_processes_of_other_sessions() -> None:
    with recorded() as recorder:
        outcome = recorder.bash(f"{STUBBORN_DAEMON}; sleep 60 & wait; wait", timeout=0.5)
        assert (outcome.state, outcome.exit) == (State.FAILED, -signal.SIGKILL)
        assert recorder.alive == []


def test_a_signal_reaches_a_script_before_its_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Process] = []
    monkeypatch.setattr(process_tree, "send", lambda process, _: sent.append(process))
    tree = [Process(pid, started) for started, pid in enumerate([900, 30, 31, 2, 700, 5])]
    process_tree.Ending(lambda: set(tree), process_tree.ending_steps(0)).poll()
    assert sent == tree


def test_a_stopped_job_is_ended_as_well() -> None:
    for code in ("kill -STOP $$", "trap '' INT TERM; kill -STOP $$; sleep 60; sleep 60"):
        with recorded() as recorder:
            assert recorder.bash(code, timeout=0.5).reason == "timed out after 0s"
            assert recorder.alive == []


def test_silence_is_timed_out_and_output_is_none() -> None:
    with recorded() as recorder:
        outcome = recorder.bash("for i in {1..7}; do echo $i; sleep 0.5; done", idle_timeout=3)
        assert outcome.state == State.SUCCEEDED
        outcome = recorder.bash("echo begun; sleep 60", idle_timeout=1)
        assert (outcome.state, outcome.reason) == (State.FAILED, "timed out: no output for 1s")


def test_a_job_that_closes_its_streams_is_still_waited_for_and_timed_out() -> None:
    with recorded() as recorder:
        outcome = recorder.bash("exec >&- 2>&-; sleep 0.7; exit 5", timeout=10, idle_timeout=10)
        assert (outcome.state, outcome.exit) == (State.FAILED, 5)
        outcome = recorder.bash("exec >&- 2>&-; sleep 60", idle_timeout=1)
        assert outcome.reason == "timed out: no output for 1s"
        assert recorder.alive == []


def test_a_time_out_of_one_job_leaves_the_others_alone() -> None:
    with recorded() as recorder:
        slow = recorder.job(
            "bash",
            "-c",
            "trap '' INT TERM; setsid sleep 60 & sleep 60; sleep 60",
            host="a",
            timeout=0.5,
        )
        fine = recorder.job("bash", "-c", "sleep 60 & sleep 1.5; kill $!; echo fine", host="b")
        outcomes = recorder.runner.run([slow, fine])
        assert [outcome.state for outcome in outcomes] == [State.FAILED, State.SUCCEEDED]
        assert [
            event.data
            for event in recorder.events
            if isinstance(event, Output) and event.host == "b"
        ] == [b"fine\n"]
        assert recorder.alive == []


# Cancelling


def test_a_cancelled_push_ends_all_jobs_with_everything_they_started() -> None:
    with recorded() as recorder:
        jobs = [
            recorder.job(
                "bash", "-c", f"{STUBBORN_DAEMON}; echo ready; sleep 60; sleep 60; wait", host=host
            )
            for host in "ab"
        ]

        def listen(event: Event) -> None:
            recorder.events.append(event)
            if recorder.output.count(b"ready") == 2:
                recorder.reason = "cancelled by anna@laptop"

        recorder.on_event = listen
        outcomes = recorder.runner.run(jobs)
        assert recorder.alive == []
    assert [(one.state, one.reason) for one in outcomes] == [
        (State.CANCELLED, "cancelled by anna@laptop")
    ] * 2


def test_a_push_that_is_cancelled_already_starts_nothing() -> None:
    with recorded() as recorder:
        recorder.reason = "cancelled by anna@laptop"
        outcome = recorder.bash("echo started")
    assert (outcome.state, outcome.exit, recorder.events) == (State.CANCELLED, None, [])
