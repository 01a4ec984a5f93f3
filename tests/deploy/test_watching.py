"""`pushes`, `status`, `log` and `cancel`, of real pushes to a directory of this machine."""

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy.test_hostile_text import on_a_terminal
from tests.support.jobs import wait_for
from tests.support.pushes import PROMISED
from tests.support.shop import HERE, STAGES, Shop, open_shop

SAYS = (*STAGES[:2], "says", *STAGES[2:])


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = open_shop(tmp_path)
    shop.define(settings=HERE)
    return shop


def say(shop: Shop, code: str) -> None:
    """Have a stage `says` run that."""
    shop.recipe("says.sh", f"# Says something.\n{code}\n")
    shop.define(settings=HERE, stages=SAYS)


@contextmanager
def pushing(shop: Shop, code: str = "echo begun; sleep 60") -> Iterator["subprocess.Popen[str]"]:
    """A push that is at the stage `says`, and ends when this is left."""
    say(shop, code)
    log = shop.project / ".deploy/pushes/1/output.log"
    with shop.start("deploy", "-m", "exam week") as process:
        try:
            wait_for(lambda: log.exists() and "begun" in log.read_text())
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.communicate()


def test_before_the_first_push_all_four_say_what_to_run(shop: Shop) -> None:
    assert shop.run("pushes").stdout == (f"nothing was pushed yet\n  next: {shop.program} deploy\n")
    assert json.loads(shop.run("pushes", "--json").stdout) == []
    assert shop.run("status").stdout == (
        "production on this machine\n  serving       nothing yet\n"
        f"  next:         {shop.program} deploy production\n"
    )
    log = shop.run("log")
    assert (log.returncode, log.stdout) == (2, "")
    assert f"nothing was pushed from here yet\n  next: {shop.program} deploy" in log.stderr
    cancel = shop.run("cancel")
    assert cancel.returncode == 1
    assert "nothing is running" in cancel.stderr and "  next: " in cancel.stderr


def test_pushes_json_is_what_design_promises(shop: Shop) -> None:
    shop.run("deploy", "-m", "one")
    shop.run("deploy", "-m", "two")

    shown = json.loads(shop.run("pushes", "--json").stdout)
    assert [push["id"] for push in shown] == [2, 1]
    for push in shown:
        assert list(push)[: len(PROMISED)] == PROMISED
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", push["started"])
        assert [list(stage)[:5] for stage in push["stages"]] == [
            ["name", "state", "started", "ended", "exit"]
        ] * len(STAGES)
    assert [push["id"] for push in json.loads(shop.run("pushes", "--json", "-n1").stdout)] == [2]


def test_pushes_lists_the_newest_first_and_marks_what_is_live(shop: Shop) -> None:
    for comment in ("one", "two"):
        shop.run("deploy", "-m", comment)
    shop.run("rollback", "--yes")

    heading, *rows = shop.run("pushes").stdout.splitlines()
    assert heading.split() == ["PUSH", "STATE", "STARTED", "TOOK", "BY", "WHAT"]
    assert [row.split()[0] for row in rows] == ["3", "2", ">"]
    assert "rollback to 1" in rows[0] and rows[1].endswith("two")
    assert len({row.index("succeeded") for row in rows}) == 1


def test_the_target_remembers_pushes_that_were_made_elsewhere(shop: Shop) -> None:
    shop.run("deploy", "-m", "from a laptop that was stolen")
    shutil.rmtree(shop.project / ".deploy")

    assert "stolen" in shop.run("pushes").stdout
    assert json.loads(shop.run("pushes", "--json").stdout)[0]["state"] == "succeeded"
    assert "nothing was pushed yet" in shop.run("pushes", "--local").stdout
    log = shop.run("log", "1")
    assert log.returncode == 2 and "was not made from this directory" in log.stderr


def test_a_target_out_of_reach_is_reported_and_what_is_known_here_is_shown(shop: Shop) -> None:
    shop.run("deploy", "-m", "before the cable was cut")
    config = shop.project / "ssh_config"
    config.write_text("Host app1\nHostName 127.0.0.1\nPort 1\n")
    shop.define(settings='REMOTE_HOST = "app1"\nSSH_CONFIG = "ssh_config"')

    for command in ("pushes", "status"):
        run = shop.run(command)
        assert run.returncode == 0
        assert "app1" in run.stderr and "what follows is what is known here" in run.stderr
        assert "push 1" in run.stdout or "before the cable" in run.stdout
    assert json.loads(shop.run("status", "--json").stdout)["unreachable"].startswith("app1")
    assert shop.run("pushes", "--local").stderr == ""


def test_without_a_host_nothing_is_asked(shop: Shop) -> None:
    shop.recipe("says.sh", "# Says something.\necho hello\n")
    shop.define(stages=["says"])
    assert shop.run("deploy").returncode == 0

    run = shop.run("pushes", PATH="/nonexistent")  # where there is no ssh either
    assert (run.returncode, run.stderr) == (0, "") and "succeeded" in run.stdout
    assert "serving       push 1" in shop.run("status").stdout


def test_a_definition_that_is_broken_hides_no_history(shop: Shop) -> None:
    shop.run("deploy", "-m", "while it was sound")
    (shop.project / "deploy/deployments.toml").write_text("[deployments\n")

    pushes = shop.run("pushes")
    assert pushes.returncode == 0
    assert "while it was sound" in pushes.stdout and "deployments.toml" in pushes.stderr
    assert shop.run("log").stdout == shop.log(1)


def test_a_comment_cannot_steer_the_terminal(shop: Shop) -> None:
    shop.run("deploy", "-m", "nice\x1b[2J\x1b]0;evil\x07 page\nsecond line")

    for command in ("pushes", "status"):
        assert "nice page" in (out := shop.run(command).stdout)
        assert "\x1b" not in out and "evil" not in out


def test_log_is_what_the_stages_printed_byte_for_byte(shop: Shop) -> None:
    say(shop, r"printf '\033[31mred\377\r50%%'; sleep 0.7; printf 'oh\n' >&2; printf end")
    shop.run("deploy")

    shown = subprocess.run(shop.command("log"), cwd=shop.project, capture_output=True, check=True)
    assert shown.stdout == (shop.project / ".deploy/pushes/1/output.log").read_bytes()
    assert b"\x1b[31mred\xff\r50%" in shown.stdout


def test_log_chooses_stage_stream_and_tail(shop: Shop) -> None:
    say(shop, "for n in 1 2 3; do echo out $n; echo err $n >&2; done")
    shop.run("deploy")

    assert shop.run("log", "production", "1", "--stage", "says").stdout.count("\n") == 6
    assert shop.run("log", "--stderr").stdout.endswith("err 1\nerr 2\nerr 3\n")
    assert shop.run("log", "--stage", "says", "--stdout", "--tail", "2").stdout == "out 2\nout 3\n"
    assert shop.run("log", "--stage", "says", "--tail", "0").stdout == ""
    wrong = shop.run("log", "--stage", "say")
    assert wrong.returncode == 2 and 'did you mean "says"' in wrong.stderr
    assert shop.run("log", "1", "2").returncode == 2


def test_log_tells_when_each_line_came(shop: Shop) -> None:
    say(
        shop,
        "echo first; sleep 0.3; printf open; sleep 0.8; printf ' line'; sleep 0.8; echo oops >&2",
    )
    shop.run("deploy")

    lines = shop.run("log", "--stage", "says", "--timestamps").stdout.splitlines()
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} says"
    assert all(re.match(stamp, line) for line in lines)
    assert [re.sub(stamp, "", line) for line in lines] == [" | first", " | open line", " ! oops"]
    reported = [
        json.loads(line)
        for line in shop.run("log", "--stage", "says", "--json").stdout.splitlines()
    ]
    assert (
        "".join(line["text"] for line in reported if line["stream"] == "stdout") == "firstopen line"
    )
    assert reported[0] | {"at": "", "offset": 0} == {
        "at": "",
        "stage": "says",
        "host": "",
        "stream": "stdout",
        "offset": 0,
        "text": "first",
        "open": False,
    }


def test_a_reader_that_has_seen_enough_is_no_error(shop: Shop) -> None:
    say(shop, "seq 1 200000")
    shop.run("deploy")

    for command in (["log"], ["log", "--timestamps"], ["log", "--json"], ["pushes", "--json"]):
        with subprocess.Popen(
            shop.command(*command), cwd=shop.project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout and process.stderr
            process.stdout.read(1)
            process.stdout.close()
            assert (process.stderr.read(), process.wait()) == (b"", 0)


def test_following_shows_what_comes_until_the_push_ends(shop: Shop) -> None:
    with pushing(shop, "echo begun; for n in 1 2 3; do sleep 0.3; echo $n; done"):
        log = shop.run("log", "-f")
        assert log.stdout.startswith(shop.log(1))
        assert "begun\n1\n2\n3\n" in log.stdout
    assert shop.record(1)["state"] == "succeeded"


def test_following_from_the_tail_misses_nothing_and_repeats_nothing(shop: Shop) -> None:
    go = shop.project.parent / "go"
    code = f"seq 1 50; echo begun; until [ -e '{go}' ]; do sleep 0.02; done; echo after"
    with (
        pushing(shop, code),
        subprocess.Popen(
            shop.command("log", "-f", "--tail", "2", "--stage", "says"),
            cwd=shop.project,
            text=True,
            stdout=subprocess.PIPE,
        ) as log,
    ):
        assert log.stdout
        tail = [log.stdout.readline() for _ in range(2)]
        go.touch()
        assert [*tail, log.stdout.read()] == ["50\n", "begun\n", "after\n"]


def test_following_ends_when_the_pusher_is_killed(shop: Shop) -> None:
    with pushing(shop) as push:
        with subprocess.Popen(
            shop.command("log", "-f"), cwd=shop.project, text=True, stdout=subprocess.PIPE
        ) as log:
            assert log.stdout
            while "begun" not in log.stdout.readline():
                pass
            push.send_signal(signal.SIGKILL)
            push.wait()
            assert log.wait(60) == 0
        assert json.loads(shop.run("pushes", "--json").stdout)[0]["state"] == "lost"
        status = shop.run("status").stdout
        assert "last failure  push 1" in status and "lost, says: its runner died" in status
        assert "resume production" in status and "running" not in status


def test_status_tells_what_runs_and_at_which_stage(shop: Shop) -> None:
    with pushing(shop):
        status = shop.run("status").stdout
        assert re.search(r"running       push 1 by \S+ since \d\d:\d\d, at says for \d", status)
        assert "cancel production" in status
        reported = json.loads(shop.run("status", "--json").stdout)
        assert (reported["running"]["push"], reported["running"]["stage"]) == (1, "says")
        assert (reported["serving"], reported["hosts"]) == (None, {".": ""})
        assert json.loads(shop.run("pushes", "--json").stdout)[0]["state"] == "running"


def test_status_tells_what_is_served_since_when_and_by_whom(shop: Shop) -> None:
    shop.run("deploy", "-m", "one")
    shop.run("deploy", "-m", "two")
    shop.run("rollback", "--yes")
    shop.run("lock", "-m", "exam week")

    status = shop.run("status").stdout
    assert status.startswith("production on this machine\n")
    assert re.search(
        r'serving       push 1 \(main \w{7}\) "one", since \d\d:\d\d, by \S+; '
        "put back by push 3",
        status,
    )
    assert re.search(r"locked by     \S+ since \d\d:\d\d: exam week", status)
    assert status.endswith(f"next:         {shop.program} unlock production\n")
    reported = json.loads(shop.run("status", "--json").stdout)
    assert (reported["serving"]["push"], reported["serving"]["by"]) == (1, 3)
    assert reported["closed"]["reason"] == "exam week"


def test_cancel_ends_the_push_and_says_how(shop: Shop) -> None:
    with pushing(shop) as push:
        cancel = shop.run("cancel")
        assert cancel.returncode == 0
        assert re.match(r"production: push 1 cancelled, says: cancelled by \S+\n", cancel.stdout)
        assert push.wait(60) == 1
    assert shop.record(1)["state"] == "cancelled"
    shop.define(settings=HERE)
    assert shop.run("deploy").returncode == 0  # the lock is free


def test_cancel_says_where_a_push_runs_that_isnt_from_here(shop: Shop, tmp_path: Path) -> None:
    with pushing(shop):
        other = tmp_path / "another clone"
        shutil.copytree(shop.project, other, ignore=shutil.ignore_patterns(".deploy"))
        run = shop.run("cancel", project=other)
        assert run.returncode == 1
        assert "is being pushed by" in run.stderr
        assert "status production  # cancel it on " in run.stderr
        assert "push 1 by" in shop.run("status", project=other).stdout


def test_without_a_host_no_line_waits_for_one(shop: Shop) -> None:
    shop.recipe("says.sh", "# Says something.\necho hello\n")
    shop.define(stages=["says"])
    for words, shown in (
        (["deploy", "--yes", "-m", "one"], "serves push 1"),
        (["status"], "serving"),
        (["pushes"], "succeeded"),
    ):
        printed = on_a_terminal(shop, *shop.command(*words)).decode()
        assert shown in printed
        assert "connecting to" not in printed
        assert "asking  ..." not in printed
