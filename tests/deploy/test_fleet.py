"""A push to several hosts: each a real OpenSSH server that sees a directory of its own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bootstrapper.deploy.plan.plan import Plan, Stage
from tests.support.pushes import plan
from tests.support.shop import STAGES, Shop, open_shop
from tests.support.ssh_server import serve

HOSTS = ("app1", "app2", "app3")
# What the server and all in it sees at the directory $0 is the directory $1.
OWN_VIEW = 'mount --bind "$1" "$0" && shift && exec "$@"'


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[tuple[Shop, str]]:
    """A shop whose target is three hosts, and the settings that name them."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for hosts that see directories of their own")
    shop = open_shop(tmp_path)
    shop.live.mkdir()
    with ExitStack() as stack:
        for host in HOSTS:
            own = _live(shop, host)
            own.mkdir()
            (server,) = stack.enter_context(
                serve(
                    tmp_path / "ssh",
                    host,
                    prefix=(
                        "unshare",
                        "--mount",
                        "--propagation",
                        "private",
                        "sh",
                        "-c",
                        OWN_VIEW,
                        str(shop.live),
                        str(own),
                    ),
                )
            )
        yield shop, f'REMOTE_HOSTS = ["app1", "app2", "app3"]\nSSH_CONFIG = "{server.config}"'


def _live(shop: Shop, host: str) -> Path:
    return shop.live.with_name(f"live of {host}")


def _pages(shop: Shop) -> list[str]:
    return [shop.page(_live(shop, host)) for host in HOSTS]


NOTE = "# Notes the page.\ncp page.txt .page\n"


def _look(host: str, page: str) -> str:
    """A recipe that fails on that host for such a page."""
    return (
        f'# Looks.\n# per-host\n[ "$REMOTE_HOST" != {host} ] || ! grep {page} .page 2>/dev/null\n'
    )


def _leaving_out(shop: Shop, settings: str, host: str) -> None:
    """Define a push that leaves `host` out where the page says partly."""
    shop.recipe("look.sh", _look(host, "partly"))
    shop.recipe("note.sh", NOTE)
    shop.define(
        settings=settings,
        deployment="max_failures = 1",
        stages=[*STAGES[:2], "note", *STAGES[2:-1], "look", STAGES[-1]],
    )


def _in_batches(shop: Shop, settings: str) -> None:
    """Define a push, a host at a time, whose second one fails where the page says broken."""
    shop.recipe("look.sh", _look("app2", "broken"))
    shop.recipe("note.sh", NOTE)
    shop.define(
        settings=settings, deployment="batch = 1", stages=[*STAGES[:2], "note", *STAGES[2:], "look"]
    )


def test_a_push_reaches_every_host_and_what_runs_once_runs_once(fleet: tuple[Shop, str]) -> None:
    shop, settings = fleet
    shop.recipe("once.sh", '# Once.\necho "once on $REMOTE_HOST of $REMOTE_HOSTS"\n')
    shop.define(settings=settings, stages=[*STAGES, "once"])
    run = shop.run("deploy")
    assert run.returncode == 0, run.stdout + run.stderr
    assert _pages(shop) == ["one", "one", "one"]
    assert shop.log(1).count("once on app1 of app1 app2 app3") == 1
    stages = {stage["name"]: stage for stage in shop.record(1)["stages"]}
    assert set(stages["activate-release"]["hosts"]) == set(HOSTS)
    assert "hosts" not in stages["git-clone"]
    assert "3/3 hosts" in run.stdout


def test_a_batch_that_fails_switches_back_the_hosts_that_were_switched(
    fleet: tuple[Shop, str],
) -> None:
    shop, settings = fleet
    _in_batches(shop, settings)
    assert shop.run("deploy").returncode == 0
    shop.commit("broken")
    run = shop.run("deploy")
    assert run.returncode == 1
    assert "rolling back to push 1 on app1, app2" in run.stdout, run.stdout
    assert _pages(shop) == ["one", "one", "one"]
    assert shop.record(2)["state"] == "failed"
    activate = next(
        stage for stage in shop.record(2)["stages"] if stage["name"] == "activate-release"
    )
    assert set(activate["hosts"]) == {"app1", "app2"}  # the third was never touched
    assert shop.record(3)["rollback_to"] == 1


def test_as_many_hosts_as_may_fail_are_left_out(fleet: tuple[Shop, str]) -> None:
    shop, settings = fleet
    shop.recipe("look.sh", '# Looks.\n# per-host\n[ "$REMOTE_HOST" != app2 ]\n')
    stages = [*STAGES[:-1], "look", STAGES[-1]]
    shop.define(settings=settings, stages=stages, deployment="max_failures = 1")
    run = shop.run("deploy")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "on app1, app3\napp2 failed and stays as it is" in run.stdout
    assert (_live(shop, "app1") / "current").exists()
    assert not (_live(shop, "app2") / "current").exists()
    assert (_live(shop, "app3") / "current").exists()


def test_a_rollback_returns_every_host(fleet: tuple[Shop, str]) -> None:
    shop, settings = fleet
    shop.define(settings=settings)
    shop.run("deploy")
    shop.commit("two")
    shop.run("deploy")
    assert _pages(shop) == ["two", "two", "two"]
    assert shop.run("rollback").returncode == 0
    assert _pages(shop) == ["one", "one", "one"]


def _does(shop: Shop, *words: str) -> None:
    run = shop.run(*words)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_rollback_skips_what_the_hosts_were_switched_back_from(fleet: tuple[Shop, str]) -> None:
    shop, settings = fleet
    _in_batches(shop, settings)
    for page, status in (("two", 0), ("broken", 1), ("four", 0)):
        shop.commit(page)
        assert shop.run("deploy").returncode == status
    assert _pages(shop) == ["four", "four", "four"]
    _does(shop, "rollback")
    assert _pages(shop) == ["two", "two", "two"]


def test_a_rollback_returns_each_host_to_what_it_served_then(fleet: tuple[Shop, str]) -> None:
    shop, settings = fleet
    _leaving_out(shop, settings, "app2")
    _does(shop, "deploy")
    for page, pages in (("partly", ["partly", "one", "partly"]), ("whole", ["whole"] * 3)):
        shop.commit(page)
        _does(shop, "deploy")
        assert _pages(shop) == pages
    _does(shop, "rollback")
    assert _pages(shop) == ["partly", "one", "partly"]
    _does(shop, "rollback")
    assert _pages(shop) == ["one"] * 3


def test_a_host_that_can_not_be_reached_is_reported_before_anything_is_done(
    fleet: tuple[Shop, str],
) -> None:
    shop, settings = fleet
    shop.define(settings=settings.replace('"app2"', '"app2.invalid"'))
    run = shop.run("deploy")
    assert run.returncode == 1
    assert "app2.invalid" in run.stderr
    assert not (_live(shop, "app1") / "releases").exists()


def _plan(*marks: bool, hosts: tuple[str, ...] = HOSTS, batch: int = 0) -> Plan:
    stages = tuple(
        Stage(name=str(index), recipe="r", language="shell", code="", origin="", per_host=mark)
        for index, mark in enumerate(marks)
    )
    return plan(stages=stages, hosts=hosts, batch=batch)


def test_stages_per_host_that_follow_each_other_are_one_block() -> None:
    marks = (False, True, True, False, True)
    assert list(_plan(*marks).blocks()) == [[0], [1, 2], [3], [4]]
    assert list(_plan(*marks, hosts=HOSTS[:1]).blocks()) == [[0], [1], [2], [3], [4]]


def test_batches_are_in_order_and_the_last_may_be_smaller() -> None:
    assert list(_plan(batch=2).batches()) == [("app1", "app2"), ("app3",)]
    assert list(_plan(batch=0).batches()) == [HOSTS]


def test_a_rollback_after_the_first_host_was_left_out(fleet: tuple[Shop, str]) -> None:
    shop, settings = fleet
    _leaving_out(shop, settings, "app1")
    _does(shop, "deploy")
    shop.commit("two")
    _does(shop, "deploy")
    shop.commit("partly")
    _does(shop, "deploy")
    assert _pages(shop) == ["two", "partly", "partly"]
    status = shop.run("status").stdout
    assert "push 3" in status
    assert "app1: release 2" in status
    _does(shop, "rollback")
    assert _pages(shop) == ["two"] * 3
    _does(shop, "rollback")
    assert _pages(shop) == ["one"] * 3


def test_a_rollback_to_a_push_that_left_the_first_host_out(fleet: tuple[Shop, str]) -> None:
    shop, settings = fleet
    _leaving_out(shop, settings, "app1")
    _does(shop, "deploy")
    shop.commit("partly")
    _does(shop, "deploy")
    shop.commit("three")
    _does(shop, "deploy")
    _does(shop, "rollback")
    assert _pages(shop) == ["one", "partly", "partly"]
    shop.commit("four")
    _does(shop, "deploy")
    _does(shop, "rollback")
    assert _pages(shop) == ["one", "partly", "partly"]
    _does(shop, "rollback")
    assert _pages(shop) == ["one"] * 3
