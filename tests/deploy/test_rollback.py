"""Returning to an earlier push."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record, StageRecord
from bootstrapper.deploy.plan.rollback import live_push, propose_rollback, settings_changed
from bootstrapper.errors import InputError
from tests.support.shop import HERE, STAGES, Shop, git, open_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop with two pushes, of the pages one and two."""
    shop = open_shop(tmp_path)
    shop.define(settings=HERE)
    assert shop.run("deploy").returncode == 0
    shop.commit("two")
    assert shop.run("deploy").returncode == 0
    return shop


def test_a_rollback_returns_to_the_last_successful_push(shop: Shop) -> None:
    run = shop.run("rollback")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "takes back" in run.stdout
    assert "The page says two" in run.stdout
    assert shop.page() == "one"
    record = shop.record(3)
    assert (record["rollback_of"], record["rollback_to"], record["release"]) == (2, 1, 1)
    assert [stage["name"] for stage in record["stages"]] == ["activate-release"]
    run = shop.run("rollback")
    assert run.returncode == 2
    assert "no push that worked came before it" in run.stderr


def test_a_release_that_is_gone_is_made_again_from_its_tag(shop: Shop) -> None:
    shutil.rmtree(shop.live / "releases/1")
    run = shop.run("rollback", "1")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "push-production-1 is pushed again" in run.stdout
    assert shop.page() == "one"
    assert (shop.live / "releases/3").is_dir()
    assert shop.record(3)["rollback_url"] == "push-production-1"
    assert git(shop.repository, "tag").split() == ["push-production-1", "push-production-2"]
    shop.commit("three")
    assert shop.run("deploy").returncode == 0
    assert shop.run("rollback").returncode == 0
    assert shop.page() == "one"


def test_settings_go_back_with_the_code_unless_they_are_to_be_kept(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.recipe("greet.sh", '# Greets.\necho "greeting $GREETING"\n')
    stages = [*STAGES, "greet"]
    for greeting in ("one", "two"):
        shop.define(settings=f'{HERE}\nGREETING = "{greeting}"', stages=stages)
        shop.commit(greeting)
        assert shop.run("deploy").returncode == 0
    shop.define(settings=f'{HERE}\nGREETING = "three"', stages=stages)
    run = shop.run("rollback", "1")
    assert "GREETING: 'two' -> 'one'" in run.stdout
    assert "greeting one" in shop.log(3)
    assert shop.run("rollback", "--keep-settings", "1").returncode == 0
    assert "greeting three" in shop.log(4)


def test_a_failure_after_the_switch_rolls_back_if_configured(shop: Shop) -> None:
    shop.recipe("smoke-test.sh", '# Looks.\ngrep -v broken "$REMOTE_DIRECTORY"/current/*.txt\n')
    shop.define(settings=HERE, stages=[*STAGES, "smoke-test"], deployment='on_failure = "rollback"')
    shop.commit("broken")
    run = shop.run("deploy")
    assert run.returncode == 1
    assert "rolling back to push 2" in run.stdout
    assert shop.page() == "two"
    assert shop.record(3)["state"] == "failed"
    record = shop.record(4)
    assert (record["state"], record["rollback_of"], record["rollback_to"]) == ("succeeded", 3, 2)


def test_it_halts_where_a_failed_stage_after_the_switch_means_halt(shop: Shop) -> None:
    shop.recipe("smoke-test.sh", "# Looks.\nfalse\n")
    shop.define(settings=HERE, stages=[*STAGES, "smoke-test"])
    shop.commit("broken")
    run = shop.run("deploy")
    assert run.returncode == 1
    assert shop.page() == "broken"
    assert f"next: {shop.program} rollback production" in run.stdout
    assert shop.run("rollback").returncode == 0
    assert shop.page() == "two"


def test_a_failed_rollback_names_what_is_live_again(shop: Shop) -> None:
    shop.define(settings=HERE, stages=[*STAGES, "smoke-test"])
    shop.recipe("smoke-test.sh", "# Looks.\nfalse\n")
    for page in ("good", "bad"):
        shop.commit(page)
        assert shop.run("deploy", "--skip", "smoke-test").returncode == 0
    run = shop.run("rollback")
    assert run.returncode == 1, run.stdout
    assert shop.page() == "good"
    assert (
        "production serves push 3 again; the rollback did not finish\n"
        f"  next: {shop.program} resume production\n"
    ) in run.stdout


def test_a_first_push_that_fails_after_the_switch_has_nothing_to_return_to(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.recipe("smoke-test.sh", "# Looks.\nfalse\n")
    shop.define(settings=HERE, stages=[*STAGES, "smoke-test"], deployment='on_failure = "rollback"')
    run = shop.run("deploy")
    assert run.returncode == 1
    assert "not rolled back: push 1: no push came before it" in run.stdout


def test_a_push_that_is_not_there_or_never_worked_is_no_target(shop: Shop) -> None:
    shop.define(settings=HERE, stages=["clear-checkout", "unit-tests", *STAGES[1:]])
    shop.recipe("unit-tests.sh", "# Fails.\nfalse\n")
    assert shop.run("deploy").returncode == 1
    for number, reported in (("9", "no such push"), ("3", "its state is failed")):
        run = shop.run("rollback", number)
        assert run.returncode == 2
        assert reported in run.stderr
    assert shop.page() == "two"


def test_from_another_machine_the_release_is_switched_to_as_well(
    shop: Shop, tmp_path: Path
) -> None:
    colleague = tmp_path / "colleague"
    git(tmp_path, "clone", "-q", str(shop.repository), str(colleague))
    run = shop.run("rollback", project=colleague)
    assert run.returncode == 0, run.stdout + run.stderr
    assert shop.page() == "one"


def _record(number: int, state: State = State.SUCCEEDED, **more: Any) -> Record:
    return Record(id=number, state=state, **more)


def test_rollbacks_one_after_the_other_go_further_back() -> None:
    records = [_record(4, rollback_to=2, rollback_of=3), _record(3), _record(2), _record(1)]
    proposal = propose_rollback(records, current=None, wanted=None)
    assert (proposal.target.id, proposal.live and proposal.live.id) == (1, 2)


def test_what_the_target_serves_counts_more_than_what_was_pushed_last() -> None:
    records = [_record(3), _record(2), _record(1)]
    assert propose_rollback(records, current=2, wanted=None).target.id == 1


def test_a_failed_push_is_live_if_it_came_as_far_as_the_switch() -> None:
    switched = StageRecord(name="activate", switches=True, state=State.SUCCEEDED, started=1.0)
    waiting = StageRecord(name="activate", switches=True)
    for stage, live, target in ((switched, 3, 2), (waiting, 2, 1)):
        records = [_record(3, State.FAILED, stages=(stage,)), _record(2), _record(1)]
        assert (found := live_push(records, None)) and found.id == live
        assert propose_rollback(records, current=None, wanted=None).target.id == target


def test_a_push_that_succeeded_without_its_switch_was_never_live() -> None:
    left_out = StageRecord(name="activate", switches=True, state=State.SKIPPED)
    switched = StageRecord(name="activate", switches=True, state=State.SUCCEEDED, started=1.0)
    records = [_record(3, stages=(left_out,)), _record(2, stages=(switched,)), _record(1)]
    assert (found := live_push(records, None)) and found.id == 2
    proposal = propose_rollback(
        [_record(4, stages=(switched,)), *records], current=None, wanted=None
    )
    assert proposal.target.id == 2


def test_a_wanted_rollback_stands_for_the_push_that_it_returned_to() -> None:
    records = [_record(3, rollback_to=1), _record(2), _record(1)]
    assert propose_rollback(records, current=None, wanted=3).target.id == 1
    with pytest.raises(InputError, match="no such push"):
        propose_rollback(records, current=None, wanted=7)


def test_settings_that_differ_are_reported_one_a_line() -> None:
    assert settings_changed({"A": "1", "B": "2"}, {"B": "3", "C": "4"}) == [
        "A: '1' -> none",
        "B: '2' -> '3'",
        "C: none -> '4'",
    ]


def test_in_place_a_push_that_fails_while_it_sends_is_rolled_back_from_the_tag(
    tmp_path: Path,
) -> None:
    shop = open_shop(tmp_path)
    stages = ["clear-checkout", "git-clone", "git-tag", "rsync-in-place"]
    shop.define(settings=HERE, stages=stages)
    assert shop.run("deploy").returncode == 0
    assert (shop.live / "page.txt").read_text() == "one"
    shop.recipe(
        "rsync-in-place.sh", '# Sends half.\n# switches\ncp page.txt "$REMOTE_DIRECTORY"\nfalse\n'
    )
    shop.define(settings=HERE, stages=stages, deployment='on_failure = "rollback"')
    shop.commit("two pages")
    run = shop.run("deploy")
    assert run.returncode == 1
    assert "rolling back to push 1" in run.stdout, run.stdout
    assert (shop.live / "page.txt").read_text() == "one"


def test_a_switch_that_fails_leaves_what_was_live_and_says_so(shop: Shop) -> None:
    shop.recipe("activate-release.sh", "# Fails.\n# switches\n# per-host\nfalse\n")
    shop.define(settings=HERE, deployment='on_failure = "rollback"')
    shop.commit("three")
    run = shop.run("deploy")
    assert run.returncode == 1
    assert "production is as it was before" in run.stdout
    assert "rolling back" not in run.stdout
    assert shop.page() == "two"


def test_a_push_to_another_place_is_nothing_to_return_to(shop: Shop, tmp_path: Path) -> None:
    elsewhere = Shop(project=shop.project, repository=shop.repository, live=tmp_path / "new place")
    elsewhere.recipe("smoke-test.sh", "# Looks.\nfalse\n")
    elsewhere.define(
        settings=HERE, stages=[*STAGES, "smoke-test"], deployment='on_failure = "rollback"'
    )
    run = shop.run("deploy")
    assert "no push came before it" in run.stdout
    assert elsewhere.page() == "two"
    assert shop.run("rollback").returncode == 2
    assert shop.record(3)["state"] == "failed"


def test_rollback_after_a_rollback_and_a_push_skips_the_bad_one(shop: Shop) -> None:
    assert shop.run("rollback").returncode == 0
    shop.commit("three")
    assert shop.run("deploy").returncode == 0
    run = shop.run("rollback")
    assert run.returncode == 0, run.stdout + run.stderr
    assert shop.page() == "one"


def test_rollback_takes_flags(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.recipe("greet.sh", '# Greets.\necho "greeting ${LOUD:-quietly} to $WHOM"\n')
    flags = (
        "[deployments.production.flags.LOUD]\ndefault = false\n"
        '[deployments.production.flags.WHOM]\ndefault = "all"\n'
    )
    shop.define(settings=f"{HERE}\n{flags}", stages=[*STAGES, "greet"])
    assert shop.run("deploy", "--flag", "WHOM=anna").returncode == 0
    shop.commit("two")
    assert shop.run("deploy").returncode == 0
    assert shop.run("rollback", "--flag", "LOUD").returncode == 0
    assert "greeting 1 to anna" in shop.log(3)
    refused = shop.run("rollback", "--flag", "QUIET")
    assert refused.returncode == 2
    assert "QUIET" in refused.stderr
