"""A push by the command line, from a repository to a directory of this machine."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.jobs import wait_for
from tests.support.shop import HERE, STAGES, Shop, git, open_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop whose target is this machine."""
    shop = open_shop(tmp_path)
    shop.define(settings=HERE)
    return shop


def test_a_push_puts_the_branch_live_and_says_what_is_next(shop: Shop) -> None:
    run = shop.run("deploy", "-m", "first page")
    assert run.returncode == 0, run.stdout + run.stderr
    assert shop.page() == "one"
    record = shop.record(1)
    assert record["state"] == "succeeded"
    assert record["comment"] == "first page"
    assert record["commit"] == git(shop.project, "rev-parse", "HEAD")
    assert [(stage["name"], stage["state"], stage["exit"]) for stage in record["stages"]] == [
        (name, "succeeded", 0) for name in STAGES
    ]
    assert f"next: {shop.program} rollback production" in run.stdout


def test_the_commits_since_the_last_push_are_reported_before_the_first_stage(shop: Shop) -> None:
    shop.run("deploy")
    shop.commit("two")
    shop.commit("three")
    run = shop.run("deploy")
    reported = run.stdout.partition("clear-checkout")[0]
    assert "2 commits since push 1:" in reported
    assert "The page says two" in reported
    assert shop.run("deploy").stdout.startswith("no commits since push 2")


def test_it_halts_at_the_first_stage_that_fails_and_what_was_live_stays_live(shop: Shop) -> None:
    shop.run("deploy")
    shop.recipe("unit-tests.sh", "# Fails.\necho no luck >&2\nexit 3\n")
    shop.define(settings=HERE, stages=[*STAGES[:2], "unit-tests", *STAGES[2:]])
    shop.commit("two")
    run = shop.run("deploy")
    assert run.returncode == 1
    assert "no luck" in run.stdout
    assert "production is as it was before" in run.stdout
    assert "resume production" in run.stdout
    assert shop.page() == "one"
    states = [stage["state"] for stage in shop.record(2)["stages"]]
    assert states == ["succeeded", "succeeded", "failed", "waiting", "waiting", "waiting"]
    assert shop.record(2)["stages"][2]["exit"] == 3


def test_resume_runs_on_from_the_failed_stage_with_the_same_snapshot(shop: Shop) -> None:
    shop.recipe("look.sh", "# Fails once.\necho A is $A\ntest -e ../../../../go\n")
    shop.recipe("hand-on.sh", "# Hands on.\necho A=of the first >> $ROLF_OUTPUT\n")
    shop.define(
        settings=HERE, stages=["clear-checkout", "git-clone", "hand-on", "look", *STAGES[2:]]
    )
    assert shop.run("deploy").returncode == 1
    (shop.project / "go").touch()
    shop.recipe("look.sh", "# Another one.\nexit 1\n")
    shop.commit("two")
    run = shop.run("resume")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "git-clone" not in run.stdout
    assert shop.log(1).count("A is of the first") == 2
    assert shop.page() == "one"
    assert shop.record(1)["state"] == "succeeded"
    assert shop.run("resume").returncode == 2


def test_the_environment_is_the_table_and_nothing_else_leaks_in(shop: Shop) -> None:
    shop.recipe("show.sh", "# Shows.\nenv -0 | sort -z | tr '\\0' '\\n'\n")
    shop.define(
        settings=f'{HERE}\nGREETING = "a b\'c"',
        stages=["show"],
        deployment='flags.FAST = { description = "…", default = false }\n'
        'flags.TONE = { description = "…", default = "loud" }',
    )
    assert shop.run("deploy", "-m", "why", "--flag", "FAST", LEAK="yes", TZ="UTC").returncode == 0
    shown = dict(line.split("=", 1) for line in shop.log(1).splitlines())
    assert shown["GREETING"] == "a b'c"
    assert shown["FAST"] == "1"
    assert shown["TONE"] == "loud"
    assert shown["PUSH_COMMENT"] == "why"
    assert shown["ROLF_PUSH_ID"] == shown["RELEASE"] == "1"
    assert shown["DEPLOYMENT"] == shown["DEPLOYMENT_ID"] == "production"
    assert shown["ROLLBACK_URL"] == ""
    assert shown["CHECKOUT_DIR"] == shown["PWD"] == str(shop.project / ".deploy/pushes/1/checkout")
    allowed = {
        "REPOSITORY",
        "REMOTE_DIRECTORY",
        "REMOTE_HOST",
        "GREETING",
        "FAST",
        "TONE",
        "CHECKOUT_DIR",
        "DEPLOYMENT",
        "DEPLOYMENT_ID",
        "ROLF_PUSH_ID",
        "PUSH_COMMENT",
        "PUSH_UNI",
        "ROLLBACK_URL",
        "ROLF_OUTPUT",
        "PUSH_REF",
        "PUSH_COMMIT",
        "RELEASE",
        "PATH",
        "HOME",
        "USER",
        "LANG",
        "TZ",
        "SSH_AUTH_SOCK",
        "PWD",
        "SHLVL",
        "_",
    }  # the last three are bash's own
    assert set(shown) <= allowed


def test_skip_leaves_a_stage_out_and_keeps_that_with_the_push(shop: Shop) -> None:
    assert shop.run("deploy", "--skip", "git-tag").returncode == 0
    assert [stage["state"] for stage in shop.record(1)["stages"]][2] == "skipped"
    assert git(shop.repository, "tag") == ""
    run = shop.run("deploy", "--skip", "git-tga")
    assert run.returncode == 2
    assert 'did you mean "git-tag"?' in run.stderr


def test_ref_pushes_a_tag_a_branch_or_a_commit(shop: Shop) -> None:
    first = git(shop.project, "rev-parse", "HEAD")
    git(shop.project, "tag", "-a", "-m", "one", "v1")
    git(shop.project, "push", "-q", "--tags")
    shop.commit("two")
    for ref in ("v1", first, first[:10]):
        run = shop.run("deploy", "--ref", ref)
        assert run.returncode == 0, run.stdout + run.stderr
        assert shop.page() == "one"
        assert shop.run("deploy").returncode == 0
        assert shop.page() == "two"
    run = shop.run("deploy", "--ref", "v2")
    assert run.returncode == 2
    assert "has no branch, tag or commit v2" in run.stderr


def test_a_repository_that_is_gone_is_reported_before_the_first_stage(shop: Shop) -> None:
    shop.repository.rename(shop.repository.with_name("moved.git"))
    run = shop.run("deploy")
    assert run.returncode == 1
    assert str(shop.repository) in run.stderr
    assert "next: git ls-remote" in run.stderr
    assert not list((shop.project / ".deploy/pushes").glob("*"))


def test_changed_and_unpushed_work_is_reported_and_what_is_committed_is_pushed(shop: Shop) -> None:
    shop.commit("two")
    (shop.project / "page.txt").write_text("three")
    git(shop.project, "commit", "-qam", "Not pushed")
    (shop.project / "page.txt").write_text("four")
    run = shop.run("deploy")
    assert run.returncode == 0
    assert (
        f"left out of this push of {git(shop.project, 'rev-parse', '--short=7', 'HEAD~')}: "
        "1 changed file not committed and 1 commit of main not pushed\n"
    ) in run.stdout
    assert shop.page() == "two"


def test_dry_run_shows_every_command_with_its_environment_and_does_nothing(shop: Shop) -> None:
    shop.recipe("git-tag.sh", "# Ours, instead.\n:\n")
    shop.define(settings=f"{HERE}\nTOKEN = {{ secret = true }}")
    run = shop.run("deploy", "--dry-run", TOKEN="it is secret")
    assert run.returncode == 0, run.stderr
    assert "it is secret" not in run.stdout
    assert run.stdout.count("TOKEN='[masked TOKEN]'") == len(STAGES)
    assert "git-tag  (deploy/recipes/git-tag.sh, instead of ours)" in run.stdout
    assert "bash -eo pipefail" in run.stdout
    assert not (shop.project / ".deploy").exists()
    assert not shop.live.exists()


def test_all_faults_of_all_files_are_reported_before_the_first_stage(shop: Shop) -> None:
    shop.define(settings="TOKEN = { secret = true }", stages=[*STAGES, "unit-test"])
    run = shop.run("deploy")
    assert run.returncode == 2
    for part in ("REMOTE_HOST", '"unit-test"; did you mean "unit-tests"?', "TOKEN"):
        assert part in run.stderr, run.stderr
    assert not (shop.project / ".deploy").exists()


def test_a_push_from_another_machine_gets_the_next_number_and_sees_the_history(
    shop: Shop, tmp_path: Path
) -> None:
    shop.commit("one again")
    assert shop.run("deploy").returncode == 0
    colleague = tmp_path / "colleague"
    git(tmp_path, "clone", "-q", str(shop.repository), str(colleague))
    assert shop.run("deploy", project=colleague).returncode == 0
    assert (colleague / ".deploy/pushes/2/result.json").exists()
    pushes = json.loads(shop.run("pushes", "--json").stdout)
    assert [(push["id"], push["state"]) for push in pushes] == [(2, "succeeded"), (1, "succeeded")]
    assert shop.run("deploy").returncode == 0
    assert shop.record(3)["state"] == "succeeded"


def test_a_second_push_at_once_is_refused_with_who_and_which(shop: Shop) -> None:
    shop.recipe("wait.sh", "# Waits.\nsleep 60\n")
    shop.define(settings=HERE, stages=["wait"])
    with shop.start("deploy") as first:
        try:
            _wait_for(shop.project / ".deploy/pushes/1/events.jsonl")
            run = shop.run("deploy")
        finally:
            first.send_signal(signal.SIGINT)
            printed = first.communicate(timeout=30)[0]
    assert run.returncode == 3
    assert "push 1" in run.stderr
    assert "cancel production" in run.stderr
    assert first.returncode == 130, printed
    assert shop.record(1)["state"] == "cancelled"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_the_push_and_ends_its_processes(shop: Shop, number: int) -> None:
    shop.recipe("wait.sh", "# Waits, with a daemon.\nsetsid sleep 1234.5 &\nsleep 60\n")
    shop.define(settings=HERE, stages=["wait"])
    with shop.start("deploy") as push:
        wait_for(lambda: _sleepers("1234.5"))
        push.send_signal(number)
        push.communicate(timeout=30)
    assert push.returncode == 130
    assert shop.record(1)["state"] == "cancelled"
    assert _sleepers("1234.5") == []


def test_cancel_ends_a_push_from_another_terminal(shop: Shop) -> None:
    shop.recipe("wait.sh", "# Waits.\nsleep 60\n")
    shop.define(settings=HERE, stages=["wait"])
    with shop.start("deploy") as push:
        _wait_for(shop.project / ".deploy/pushes/1/events.jsonl")
        run = shop.run("cancel")
        push.communicate(timeout=30)
    assert run.returncode == 0, run.stderr
    assert push.returncode == 1
    assert shop.record(1)["state"] == "cancelled"
    assert "cancelled by" in shop.record(1)["reason"]


def test_a_killed_push_is_lost_and_the_next_one_needs_no_unlock(shop: Shop) -> None:
    shop.recipe("wait.sh", "# Waits.\nsleep 2345.5\n")
    shop.define(settings=HERE, stages=["wait"])
    with shop.start("deploy") as push:
        wait_for(lambda: _sleepers("2345.5"))
        push.kill()
        push.communicate(timeout=30)
    shop.define(settings=HERE)
    run = shop.run("deploy")
    assert run.returncode == 0, run.stdout + run.stderr
    pushes = json.loads(shop.run("pushes", "--json").stdout)
    assert [(push["id"], push["state"]) for push in pushes] == [(2, "succeeded"), (1, "lost")]
    wait_for(lambda: not _sleepers("2345.5"))


def test_step_asks_before_each_stage_and_lets_a_person_look_around(shop: Shop) -> None:
    shop.recipe("one.sh", "# One.\necho this is one\n")
    shop.recipe("two.sh", "# Two.\necho this is two\n")
    shop.define(settings=HERE, stages=["one", "two", "two-again"])
    shop.recipe("two-again.sh", "# Two.\necho this is three\n")
    refused = shop.run("deploy", "--step", "-m", "a comment")  # no terminal
    assert refused.returncode == 2
    assert f"  next: {shop.program} deploy -m 'a comment'\n" in refused.stderr
    words = " ".join(f"'{word}'" for word in shop.command("deploy", "--step"))
    run = subprocess.run(
        ["script", "-qec", words, "/dev/null"],
        cwd=shop.project,
        text=True,
        capture_output=True,
        input="look\necho in $PWD for $ROLF_PUSH_ID\nexit\nrun\nskip\nstop\n",
        timeout=60,
        check=False,
        env={**os.environ, "SHELL": "/bin/sh", "TERM": "xterm"},
    )
    assert run.returncode == 1, run.stdout
    assert f"in {shop.project}/.deploy/pushes/1/checkout for 1" in run.stdout
    assert "this is one" in shop.log(1)
    assert "this is two" not in shop.log(1)
    states = [stage["state"] for stage in shop.record(1)["stages"]]
    assert states == ["succeeded", "skipped", "waiting"]
    assert shop.record(1)["state"] == "cancelled"


def test_a_closed_deployment_refuses_pushes_with_the_reason_until_it_is_opened(shop: Shop) -> None:
    assert shop.run("lock", "-m", "exam week").returncode == 0
    run = shop.run("deploy")
    assert run.returncode == 3
    assert "exam week" in run.stderr
    assert "unlock production" in run.stderr
    assert shop.run("unlock").returncode == 0
    assert shop.run("deploy").returncode == 0


def _wait_for(path: Path, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not (path.exists() and "StageStarted" in path.read_text()):
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.05)


def _sleepers(seconds: str) -> list[str]:
    run = subprocess.run(
        ["pgrep", "-af", f"^sleep {seconds}"], capture_output=True, text=True, check=False
    )
    return run.stdout.splitlines()
