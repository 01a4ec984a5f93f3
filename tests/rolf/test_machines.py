"""Two machines with a work directory each: what a rollback and a resumed push need of the other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.rolf.test_rollback import FILL, ask, ended
from tests.support.rolf_home import Home, running
from tests.support.shop import STAGES, Shop, git, open_shop

pytestmark = pytest.mark.needs("git", "rsync")

HOLD = """
from deployments.models import Stage
Stage.objects.create(deployment_id=1, position=0, name="prepare",
                     code='mkdir -p "$CHECKOUT_DIR"; echo prepared > "$CHECKOUT_DIR/note"')
Stage.objects.create(deployment_id=1, position=1, name="hold",
                     code='cat "$CHECKOUT_DIR/note"; test -e {gate}')
"""
RESUME = """
from accounts.models import User
from pushes import services
from pushes.models import Push
try:
    services.resume(Push.objects.latest("pk"), User.objects.get())
except services.Refused as error:
    print(error)
"""
STAGES_RUN = """
import json
from pushes.models import Push
push = Push.objects.latest("pk")
print(json.dumps([stage.name for stage in push.stages if stage.started]))
"""


@contextmanager
def machine(home: Home, directory: Path, **settings: object) -> Iterator[None]:
    """Run Rolf with a work directory of its own."""
    settings["ROLF_WORK_DIRECTORY"] = directory
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    (home.current / ".env").write_text("".join(lines))
    with running(home):
        yield


@pytest.fixture
def shop(home: Home, tmp_path: Path) -> Shop:
    """A shop whose deployment Rolf knows, with nothing pushed yet."""
    shop = open_shop(tmp_path)
    settings = {
        "REPOSITORY": str(shop.repository),
        "REMOTE_HOST": ".",
        "REMOTE_DIRECTORY": str(shop.live),
    }
    home.shell(FILL.format(stages=STAGES, settings=settings))
    return shop


def test_a_fast_rollback_needs_nothing_of_another_machine(
    home: Home, shop: Shop, tmp_path: Path
) -> None:
    with machine(home, tmp_path / "here"):
        ask(home, "push", 1)
        shop.commit("two")
        assert [push[:2] for push in ask(home, "push", 2)] == [[1, "succeeded"], [2, "succeeded"]]
        assert shop.page() == "two"
    git(shop.repository, "tag", "-d", "push-production-1")  # only its release can come back
    with machine(home, tmp_path / "there"):
        assert ask(home, "rollback", 3)[2][:3] == [3, "succeeded", 1]
        assert shop.page() == "one"
        assert "activate-release" in json.loads(home.shell(STAGES_RUN))
        assert "git-clone" not in json.loads(home.shell(STAGES_RUN))


def test_a_resumed_push_goes_on_at_another_machine(home: Home, shop: Shop, tmp_path: Path) -> None:
    gate, store = tmp_path / "gate", tmp_path / "checkouts"
    store.mkdir()
    home.shell("from deployments.models import Stage; Stage.objects.all().delete()")
    home.shell(HOLD.format(gate=gate))
    with machine(home, tmp_path / "here", ROLF_CHECKOUT_STORE=store):
        assert ask(home, "push", 1)[0][:2] == [1, "failed"]
    gate.touch()
    with machine(home, tmp_path / "there", ROLF_CHECKOUT_STORE=store):
        assert home.shell(RESUME) == ""
        assert ended(home, 1)[0][:2] == [1, "succeeded"]


def test_without_a_store_a_push_waits_for_its_machine(
    home: Home, shop: Shop, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    home.shell("from deployments.models import Stage; Stage.objects.all().delete()")
    home.shell(HOLD.format(gate=gate))
    with machine(home, tmp_path / "here"):
        assert ask(home, "push", 1)[0][:2] == [1, "failed"]
    gate.touch()
    with machine(home, tmp_path / "there"):
        assert f"{tmp_path / 'here'}, and no worker runs there." in home.shell(RESUME)
    with machine(home, tmp_path / "here"):
        assert home.shell(RESUME) == ""
        assert ended(home, 1)[0][:2] == [1, "succeeded"]
