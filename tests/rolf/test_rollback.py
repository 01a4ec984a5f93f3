"""The way back, through Rolf: by itself when a stage fails once it is live, by hand, and again."""

import json
from pathlib import Path

import pytest

from tests.support.rolf_home import Home, running, until
from tests.support.shop import HERE, STAGES, Shop, git, open_shop

pytestmark = pytest.mark.needs("git", "rsync")

FILL = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Setting, Stage
User.objects.create_superuser("boss", password="open sesame 12")
shop = Application.objects.create(name="shop", category=Category.objects.create(name="Sites"))
production = Deployment.objects.create(application=shop, name="production", on_failure="rollback")
for position, name in enumerate({stages!r}):
    Stage.objects.create(deployment=production, position=position, name=name, recipe=name)
Stage.objects.create(deployment=production, position=99, name="smoke",
                     code='! grep broken "$REMOTE_DIRECTORY/current/page.txt"')
for name, text in {settings!r}.items():
    Setting.objects.create(deployment=production, name=name, text=text)
"""
ASK = """
from accounts.models import User
from deployments.models import Deployment
from pushes import services
services.queue_{what}(Deployment.objects.get(), User.objects.get())
"""
# An impatient user asks again and again while another push is there.
IMPATIENT = """
import time
from accounts.models import User
from deployments.models import Deployment
from pushes import services
production, boss = Deployment.objects.get(), User.objects.get()
failing = services.queue_push(production, boss)
for _ in range(20_000):
    try:
        services.queue_push(production, boss, comment="impatient")
        break
    except services.Refused:
        time.sleep(0.003)
"""
LOOK = """
import time
from deployments.models import Deployment
from main.board import rows
from pushes import surveys
from pushes.rollback import live_push, target_of
production = Deployment.objects.get()
survey = surveys.ask(production)
while survey.answered is None:
    time.sleep(0.05)
    survey.refresh_from_db()
production.refresh_from_db()
live, [row] = live_push(production), rows([production])
assert row.live == live or row.live.number == live.number
print(live.number, live.commit, live.pk is not None, survey.since == live.commit,
      target_of(production)[0].number)
"""
RECORDED = """
import json
from pushes.models import Push
print(json.dumps([
    [push.number, push.state, push.rollback_to and push.rollback_to.number,
     push.rollback_of and push.rollback_of.number, push.comment, push.user_name]
    for push in Push.objects.order_by("pk")]))
"""


def ask(home: Home, what: str, pushes: int) -> "list[list[object]]":
    """Ask Rolf for something, and wait until there are so many pushes, all of them ended."""
    home.shell(ASK.format(what=what))
    return ended(home, pushes)


def ended(home: Home, pushes: int) -> "list[list[object]]":
    """Wait until there are so many pushes, all of them ended."""
    reported: list[list[object]] = []

    def all_of_them() -> bool:
        reported[:] = json.loads(home.shell(RECORDED))
        return len(reported) == pushes and all(
            push[1] not in ("queued", "running") for push in reported
        )

    assert until(all_of_them), reported
    return reported


@pytest.fixture
def shop(home: Home, tmp_path: Path) -> Shop:
    """A shop whose deployment Rolf knows, with nothing pushed yet."""
    shop = open_shop(tmp_path)
    home.shell(
        FILL.format(
            stages=STAGES,
            settings={
                "REPOSITORY": str(shop.repository),
                "REMOTE_HOST": ".",
                "REMOTE_DIRECTORY": str(shop.live),
            },
        )
    )
    return shop


def test_a_failed_push_rolls_back_and_a_rollback_goes_further(home: Home, shop: Shop) -> None:
    with running(home):
        ask(home, "push", 1)
        shop.commit("two")
        reported = ask(home, "push", 2)
        assert [push[:2] for push in reported] == [[1, "succeeded"], [2, "succeeded"]]
        assert shop.page() == "two"

        shop.commit("broken")
        reported = ask(home, "push", 4)
        assert reported[2][:4] == [3, "failed", None, None]
        assert reported[3] == [4, "succeeded", 2, 3, "push 3 failed after the switch", "boss"]
        assert shop.page() == "two"

        reported = ask(home, "rollback", 5)
        assert reported[4][:3] == [5, "succeeded", 1]
        assert shop.page() == "one"

        shop.commit("three")
        assert ask(home, "push", 6)[5][:2] == [6, "succeeded"]
        assert shop.page() == "three"
    assert {"push-production-1", "push-production-2"} <= set(git(shop.repository, "tag").split())


def test_nobody_gets_between_a_push_that_fails_and_its_rollback(home: Home, shop: Shop) -> None:
    with running(home):
        ask(home, "push", 1)
        shop.commit("broken")
        home.shell(IMPATIENT)
        reported = ended(home, 5)
    assert [push[:4] for push in reported[1:4]] == [
        [2, "failed", None, None],
        [3, "succeeded", 1, 2],
        [4, "failed", None, None],
    ]
    assert reported[3][4] == "impatient"
    assert reported[4][:4] == [5, "succeeded", 1, 4]
    assert shop.page() == "one"


def test_where_there_is_no_way_back_the_push_says_so(home: Home, shop: Shop) -> None:
    shop.commit("broken")
    with running(home):
        ask(home, "push", 1)
        reason = home.shell("from pushes.models import Push; print(Push.objects.get().reason)")
    assert reason == "smoke: exit status 1; it is not rolled back: no push came before it"


def test_what_was_pushed_by_command_line_is_known_to_everyone_looks(home: Home, shop: Shop) -> None:
    with running(home):
        ask(home, "push", 1)
        shop.define(settings=HERE)
        commit = shop.commit("two")
        assert shop.run("deploy").returncode == 0
        assert home.shell(LOOK) == f"2 {commit} False True 1"
        reported = ask(home, "rollback", 2)
        assert (reported[1][0], reported[1][2]) == (3, 1)
        assert shop.page() == "one"
        shop.commit("three")
        assert ask(home, "push", 3)[2][:2] == [4, "succeeded"]
        assert shop.run("rollback", "2", "--yes").returncode == 0
        assert home.shell(LOOK).startswith(f"2 {commit} False True")
