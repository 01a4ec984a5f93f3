"""What stages do with their output, their processes and their time: a whole push stands it."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import PushStarted
from bootstrapper.deploy.events.times import PushClock
from tests.support.jobs import DETACHED
from tests.support.processes import at_work, left
from tests.support.shop import HERE, STAGES, Shop, open_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = open_shop(tmp_path)
    shop.define(settings=HERE)
    return shop


def stage(shop: Shop, code: str, deployment: str = "", name: str = "stage.sh") -> None:
    """Let the shop's pushes be this one stage."""
    shop.recipe(name, code)
    shop.define(settings=HERE, stages=[name.partition(".")[0]], deployment=deployment)


ODD = rb"""# Says odd things.
printf 'no newline' >&2; printf '\xff\xfe\x00\x01binary\n'
printf '\033[31mred\033[0m\rprogress 10%%\rprogress 20%%\r\n\033]0;title\007'
printf 'the last has no newline'
"""
WRITTEN = (
    b"no newline\xff\xfe\x00\x01binary\n\x1b[31mred\x1b[0m\rprogress 10%\rprogress 20%\r\n"
    b"\x1b]0;title\x07the last has no newline"
)


def test_bytes_are_kept_as_they_came(shop: Shop) -> None:
    stage(shop, ODD.decode())
    assert shop.run("deploy").returncode == 0
    kept = (shop.project / ".deploy/pushes/1/output.log").read_bytes()
    assert kept.replace(b"newline\n\xff", b"newline\xff") == WRITTEN
    lines = [json.loads(line) for line in shop.run("log", "--json").stdout.splitlines()]
    assert {line["stream"] for line in lines} == {"stdout", "stderr"}
    assert "".join(line["text"] for line in lines).endswith("the last has no newline")


@pytest.mark.parametrize(
    "words",
    [
        ["deploy"],
        ["deploy", "-v"],
        ["log"],
        ["log", "--timestamps"],
        ["log", "--tail", "2"],
        ["pushes"],
        ["status"],
    ],
)
def test_no_command_stumbles_over_them(shop: Shop, words: list[str]) -> None:
    stage(shop, ODD.decode() + "exit 3\n")
    assert shop.run("deploy").returncode == 1
    run = subprocess.run(
        shop.command(*words),
        cwd=shop.project,
        capture_output=True,
        check=False,
        env={**os.environ, "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"},
        stdin=subprocess.DEVNULL,
    )
    assert run.returncode == (1 if words[0] == "deploy" else 0), run.stderr
    assert b"Traceback" not in run.stderr
    if words == ["deploy"]:  # what failed is shown, and can't take over the terminal
        assert b"progress 20%" in run.stdout and b"\x1b" not in run.stdout


@pytest.mark.parametrize("words", [["deploy"], ["deploy", "-v"]])
def test_a_line_of_50_mb_is_kept_whole_and_memory_stays_flat(shop: Shop, words: list[str]) -> None:
    stage(shop, "# Says much.\nhead -c 50000000 /dev/zero | tr '\\0' x\n")
    with subprocess.Popen(
        shop.command(*words), cwd=shop.project, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as push:
        peak = 0
        while push.poll() is None:
            reported = Path(f"/proc/{push.pid}/status").read_text()
            peak = max(
                [
                    peak,
                    *(
                        int(line.split()[1])
                        for line in reported.splitlines()
                        if line.startswith("VmHWM")
                    ),
                ]
            )
            time.sleep(0.01)
    assert push.returncode == 0
    assert (shop.project / ".deploy/pushes/1/output.log").stat().st_size == 50_000_000
    assert 10_000 < peak < 60_000, "kB"


def test_what_a_stage_leaves_behind_ends_with_it_and_a_proper_daemon_stays(shop: Shop) -> None:
    stage(
        shop,
        "# Leaves some.\nnohup sleep 4001.5 >/dev/null 2>&1 &\nsleep 4002.5 &\n"
        f"setsid sleep 4003.5 </dev/null >/dev/null 2>&1 &\n{DETACHED}\n",
    )
    run = shop.run("deploy")
    assert run.returncode == 0
    assert run.stdout.count("left behind by the stage, and ended") == 2
    (daemon,) = at_work(shop.project)
    assert "sleep 4003.5" in daemon
    os.kill(int(daemon.split()[0]), signal.SIGKILL)


def test_a_stage_that_closes_its_streams_ends_when_it_ends(shop: Shop) -> None:
    stage(shop, "# Closes.\nexec >&- 2>&-\nsleep 0.5\nexit 4\n")
    assert shop.run("deploy").returncode == 1
    (kept,) = shop.record(1)["stages"]
    assert (kept["state"], kept["exit"]) == ("failed", 4)
    assert kept["seconds"] > 0.45


@pytest.mark.parametrize(
    ("code", "limits", "reported"),
    [
        ("kill -STOP $$", 'timeout = "1s"', "timed out after 1s"),
        ("trap '' INT; sleep 4004.5; sleep 4004.5", 'timeout = "1s"', "timed out after 1s"),
        ("sleep 4004.5", 'timeout = "1m"\nidle_timeout = "1s"', "no output for 1s"),
        ("exec >&- 2>&-; sleep 4004.5", 'timeout = "1m"\nidle_timeout = "1s"', "no output for 1s"),
    ],
)
def test_a_stage_that_hangs_is_ended_in_time_with_all_that_it_started(
    shop: Shop, code: str, limits: str, reported: str
) -> None:
    stage(shop, f"# Hangs.\necho at first\nsetsid sleep 4005.5 &\n{code}\n", limits)
    run = shop.run("deploy")
    assert run.returncode == 1
    assert reported in run.stdout
    assert "at first" in run.stdout
    assert "production is as it was before" in run.stdout
    assert shop.record(1)["stages"][0]["state"] == "failed"
    assert left(shop.project) == []
    shop.define(settings=HERE)
    assert shop.run("deploy").returncode == 0


def test_a_stage_that_speaks_now_and_then_has_no_idle_timeout(shop: Shop) -> None:
    stage(
        shop,
        "# Speaks.\nfor i in 1 2 3 4 5 6 7; do sleep 0.5; echo $i; done\n",
        'idle_timeout = "3s"',
    )
    assert shop.run("deploy").returncode == 0


def test_variables_that_no_process_can_be_given_are_reported_and_not_passed_on(shop: Shop) -> None:
    shop.recipe(
        "write.sh",
        "# Writes.\nprintf 'A=a\\0b\\nB=\\xff\\nC=ok\\n' >>$ROLF_OUTPUT\n"
        "{ printf D=; head -c 200000 /dev/zero | tr '\\0' x; } >>$ROLF_OUTPUT\n",
    )
    shop.recipe("read.sh", '# Reads.\necho "<$A|$C|$D>" $(printf "$B" | od -An -tx1)\n')
    shop.define(settings=HERE, stages=["write", "read"])
    run = shop.run("deploy")
    assert run.returncode == 0, run.stdout
    assert "2 lines of ROLF_OUTPUT are not NAME=value, as a process can be given it" in run.stdout
    assert shop.log(1) == "<|ok|> ff\n"


def test_a_stage_may_remove_its_directory_and_its_output_file(shop: Shop) -> None:
    shop.recipe("remove.sh", '# Removes.\nrm -rf "$CHECKOUT_DIR" "$ROLF_OUTPUT"\n')
    shop.recipe("strange.sh", '# Strange.\nrm "$ROLF_OUTPUT"; mkdir "$ROLF_OUTPUT"\n')
    shop.define(settings=HERE, stages=["remove", "strange", *STAGES])
    run = shop.run("deploy")
    assert run.returncode == 0, run.stdout
    assert shop.page() == "one"


def test_a_pipe_or_link_in_place_of_the_output(shop: Shop) -> None:
    (shop.project / "precious").write_text("kept=1\n")
    names = '$(dirname "$ROLF_OUTPUT")/output-'
    shop.recipe("pipe.sh", '# Pipes.\nrm "$ROLF_OUTPUT"; mkfifo "$ROLF_OUTPUT"\n')
    shop.recipe(
        "ahead.sh",
        f'# Looks ahead.\nmkfifo "{names}03"\nln -s "{shop.project}/precious" "{names}04"\n'
        f'rm "$ROLF_OUTPUT"; ln -s "{shop.project}/precious" "$ROLF_OUTPUT"\n',
    )
    shop.recipe("after.sh", '# After.\necho "kept: $kept"; echo B=b >>"$ROLF_OUTPUT"\n')
    shop.recipe("again.sh", '# Again.\necho "B: $B"; echo C=c >>"$ROLF_OUTPUT"\n')
    shop.define(settings=HERE, stages=["pipe", "ahead", "after", "again"])
    run = shop.run("deploy")
    assert run.returncode == 0, run.stdout
    assert shop.log(1) == "kept: \nB: b\n"
    assert (shop.project / "precious").read_text() == "kept=1\n"


@pytest.mark.parametrize("words", ["deploy -v", "deploy", "pushes", "log", "status", "cookbook"])
def test_a_reader_that_leaves_disturbs_nothing(shop: Shop, words: str) -> None:
    stage(shop, "# Says much.\nseq 100000\n")
    assert shop.run("deploy").returncode == 0
    command = " ".join(f"'{word}'" for word in shop.command(*words.split()))
    run = subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=shop.project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert shop.record(2 if "deploy" in words else 1)["state"] == "succeeded"


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-", "2>&-"])
def test_closed_streams_disturb_nothing(shop: Shop, closed: str) -> None:
    for number, words in enumerate(
        (
            ["deploy"],
            ["deploy", "-v"],
            ["deploy", "--dry-run"],
            ["status"],
            ["pushes", "--json"],
            ["log"],
        ),
        1,
    ):
        command = " ".join(f"'{word}'" for word in shop.command(*words))
        run = subprocess.run(
            ["bash", "-c", f"{command} {closed}"],
            cwd=shop.project,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, ""), words
        if number < 3:
            assert shop.record(number)["state"] == "succeeded"
            assert shop.page() == "one"


def test_a_clock_that_is_put_back_puts_no_event_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = PushClock()
    before = PushStarted(at=clock.now())
    monkeypatch.setattr(time, "time", lambda: before.at - 3600)
    assert before.at <= PushStarted(at=clock.now()).at < before.at + 5
