"""A push that fails while visitors see a page of maintenance."""

from pathlib import Path

import pytest

from tests.support.shop import HERE, STAGES, Shop, open_shop

BEFORE, AFTER = STAGES[:-1], STAGES[-1]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop with one push; its recipe `work` fails when the page says so."""
    shop = open_shop(tmp_path)
    shop.recipe("work.sh", "# Works.\nif grep -q broken page.txt; then exit 1; fi\n")
    shop.define(settings=HERE)
    assert shop.run("deploy").returncode == 0
    return shop


def fail(shop: Shop, *, on_failure: str = "halt", stages: list[str] | None = None) -> str:
    """Push a page with which a stage fails; return the output."""
    shop.define(
        settings=HERE,
        deployment=f'on_failure = "{on_failure}"',
        stages=stages or [*BEFORE, "maintenance-on", "work", AFTER, "maintenance-off"],
    )
    shop.commit("broken")
    run = shop.run("deploy")
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


def test_a_failure_before_the_switch_says_what_visitors_see(shop: Shop) -> None:
    printed = fail(shop)
    page = shop.live / "shared/maintenance.html"
    assert page.exists()
    assert "as it was before" not in printed
    assert "production has the code of before, and visitors don't see it" in printed
    assert "visitors see the maintenance page on this machine" in printed
    assert f"next: rm -f {page}  # removes the page without another push" in printed
    assert f"{shop.program} resume production" in printed


def test_a_rollback_takes_the_page_down(shop: Shop) -> None:
    printed = fail(shop, on_failure="rollback")
    assert "rolling back to push 1" in printed
    assert "production serves push 1 again" in printed
    assert "maintenance page" not in printed
    assert not (shop.live / "shared/maintenance.html").exists()
    assert shop.page() == "one"
    assert (shop.record(3)["rollback_of"], shop.record(3)["rollback_to"]) == (2, 1)


@pytest.mark.parametrize(
    "stages",
    [
        [*BEFORE, "maintenance-on", "work", "maintenance-off", AFTER],
        [*BEFORE, "maintenance-on", AFTER, "work", "maintenance-off"],
    ],
    ids=["off-before-switch", "fails-after-switch"],
)
def test_a_rollback_takes_the_page_down_wherever_it_fails(shop: Shop, stages: list[str]) -> None:
    fail(shop, on_failure="rollback", stages=stages)
    assert not (shop.live / "shared/maintenance.html").exists()
    assert shop.page() == "one"


def test_a_first_push_that_fails_says_what_visitors_see(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.recipe("work.sh", "# Works.\nfalse\n")
    printed = fail(shop, on_failure="rollback")
    assert "no push came before it" in printed
    assert "visitors see the maintenance page on this machine" in printed


def test_a_failure_after_maintenance_is_as_before(shop: Shop) -> None:
    printed = fail(shop, stages=[*BEFORE, "maintenance-on", "maintenance-off", "work", AFTER])
    assert "production is as it was before" in printed
    assert "maintenance page" not in printed


def test_a_push_that_is_resumed_knows_of_the_page(shop: Shop) -> None:
    fail(shop)
    printed = shop.run("resume").stdout
    assert "visitors see the maintenance page on this machine" in printed
    shop.define(settings=HERE, stages=[*BEFORE, "maintenance-on", AFTER])
    run = shop.run("deploy")
    assert run.returncode == 0
    assert "visitors see the maintenance page on this machine" in run.stdout
