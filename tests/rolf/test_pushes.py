"""Pushes through Rolf: what stages get, what is kept, what is stopped."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import processes_of
from tests.support.rolf_home import DATABASE, Home, running, until

ODD = "first\n'second' \"third\"\n\n $HOME `id` \\n\tЁлкино 日本\n"
SECRET = "open-sesame-12"
CSV = """Tell,python,"print('to', self.setting('NAME'))
self.execute(['sh', '-c', 'echo ran >> log'])
self.push.rollback_url = 'tag-%s' % self.push.id
self.push.save()
",Tells.
"""
FILL = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Flag, Setting, Stage
User.objects.create_superuser("boss", password="open sesame 12")
shop = Application.objects.create(name="Магазин", category=Category.objects.create(name="Сайты"))
"""
DEFINE = """
import json
from deployments.models import Application, Deployment, Flag, Setting, Stage
deployment = Deployment.objects.create(application=Application.objects.get(), name={name!r})
for position, (name, recipe, language, code) in enumerate(json.loads({stages!r})):
    Stage.objects.create(deployment=deployment, position=position, name=name, recipe=recipe,
                         language=language, code=code)
for name, text in json.loads({settings!r}).items():
    setting = Setting(deployment=deployment, name=name, secret=name == "TOKEN")
    setting.value = text
    setting.save()
Flag.objects.create(deployment=deployment, name="LOUD")
"""
PUSH = """
from accounts.models import User
from deployments.models import Deployment
from pushes import services
print(services.queue_push(Deployment.objects.get(name={name!r}), User.objects.get(), flags={flags!r},
                  comment="hello").pk)
"""
RECORDED = """
import json
from pushes.models import Push
from pushes.log_view.lines import raw
push = Push.objects.get(pk={push})
record = push.record or {{}}
print(json.dumps({{"state": push.state, "log": b"".join(raw(push)).decode(), "reason": push.reason,
                  "number": push.number, "outputs": record.get("outputs"),
                  "rollback_url": record.get("rollback_url"),
                  "stages": [stage["state"] for stage in record.get("stages", [])]}}))
"""


class Shop:
    """A Rolf that runs, without any host to push to."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def define(self, name: str, *stages: "tuple[str, ...]", **settings: str) -> None:
        """A deployment; a stage is (name, code), or (name, language, code), or a recipe's name."""
        rows = [
            (one[0], one[0], "shell", "")
            if len(one) == 1
            else (one[0], "", one[1] if len(one) == 3 else "shell", one[-1])
            for one in stages
        ]
        self.home.shell(
            DEFINE.format(name=name, stages=json.dumps(rows), settings=json.dumps(settings))
        )

    def push(self, name: str, **flags: str) -> str:
        return self.home.shell(PUSH.format(name=name, flags=flags))

    def reported(self, push: str) -> "dict[str, object]":
        return dict(json.loads(self.home.shell(RECORDED.format(push=push))))

    def ended(self, push: str) -> "dict[str, object]":
        assert until(lambda: self.reported(push)["state"] not in ("queued", "running"))
        return self.reported(push)

    def do(self, what: str, push: str) -> None:
        self.home.shell(
            "from accounts.models import User; from pushes import services; "
            f"from pushes.models import Push; services.{what}("
            f"Push.objects.get(pk={push}), User.objects.get())"
        )


@pytest.fixture(scope="module")
def shop(rolf_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One for all tests of this module, each of which has deployments of its own."""
    home = Home.laid_out(tmp_path_factory.mktemp("pushes") / "server", rolf_project)
    home.fill(rolf_project / DATABASE)
    home.shell(FILL)
    with running(home):
        yield Shop(home)


def test_a_stage_gets_its_settings_byte_for_byte(shop: Shop, tmp_path: Path) -> None:
    shop.define(
        "боевой",
        (
            "Сказать",
            'printf %s "$ODD" > "$PLACE/odd"\n'
            'printf "%s|" "$DEPLOYMENT" "$PUSH_COMMENT" "$PUSH_UNI" '
            '"$ROLF_PUSH_ID" "$LOUD" "${HOME:+home}" '
            '"$DJANGO_SETTINGS_MODULE" > "$PLACE/others"',
        ),
        ODD=ODD,
        PLACE=str(tmp_path),
    )
    reported = shop.ended(shop.push("боевой", LOUD="1"))
    assert reported["state"] == "succeeded", reported
    assert (tmp_path / "odd").read_bytes() == ODD.encode()
    assert (tmp_path / "others").read_text() == "боевой|hello|boss|1|1|home||"


def test_what_a_stage_writes_reaches_later_ones_and_is_kept(shop: Shop) -> None:
    shop.define(
        "outputs",
        ("one", 'echo "PRICE=12 €" >> "$ROLF_OUTPUT"'),
        ("two", "python", "import os\nprint('price', os.environ['PRICE'])"),
    )
    reported = shop.ended(shop.push("outputs"))
    assert "price 12 €\n" in str(reported["log"])
    assert reported["outputs"] == {"PRICE": "12 €"}


def test_a_secret_is_in_no_output(shop: Shop) -> None:
    shop.define(
        "secretive",
        ("tell", 'echo "it is $TOKEN"; printf %s "$TOKEN" | base64; echo "$TOKEN" >&2'),
        TOKEN=SECRET,
    )
    reported = shop.ended(shop.push("secretive"))
    assert reported["state"] == "succeeded"
    assert SECRET not in json.dumps(reported)
    database = shop.home.directory / "shared/data/db.sqlite3"
    for file in database.parent.glob("db.sqlite3*"):
        assert SECRET.encode() not in file.read_bytes(), file


def test_a_recipe_of_2010_runs_and_one_that_is_deleted_goes_on(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "cookbook.csv"
    file.write_text(CSV)
    shop.home.manage("import_cookbook", str(file))
    shop.define(
        "old", ("wait", f"until [ -e {tmp_path}/go ]; do sleep 0.02; done"), ("Tell",), NAME="you"
    )
    push = shop.push("old")
    assert until(lambda: shop.reported(push)["state"] == "running")
    shop.home.shell("from cookbook.models import Recipe; Recipe.objects.all().delete()")
    (tmp_path / "go").touch()
    reported = shop.ended(push)
    assert reported["state"] == "succeeded", reported
    assert "to you\n" in str(reported["log"])
    assert reported["rollback_url"] == f"tag-{reported['number']}"
    shop.home.manage("import_cookbook", str(file))  # again: the name is free


def test_a_push_halts_at_the_first_failure_and_resumes_there(shop: Shop, tmp_path: Path) -> None:
    shop.define(
        "halting",
        ("one", f"echo one >> {tmp_path}/ran"),
        ("two", f"echo two >> {tmp_path}/ran; [ -e {tmp_path}/repaired ]"),
        ("three", f"echo three >> {tmp_path}/ran"),
    )
    push = shop.push("halting")
    reported = shop.ended(push)
    assert (reported["state"], reported["stages"]) == ("failed", ["succeeded", "failed", "waiting"])
    (tmp_path / "repaired").touch()
    shop.do("resume", push)
    reported = shop.ended(push)
    assert (reported["state"], reported["stages"]) == ("succeeded", ["succeeded"] * 3)
    assert (tmp_path / "ran").read_text().split() == ["one", "two", "two", "three"]


def test_cancelling_ends_the_whole_tree(shop: Shop, tmp_path: Path) -> None:
    shop.define(
        "endless",
        (
            "sleep",
            f"setsid sleep 986 & echo $! > {tmp_path}/pid; "
            "trap '' TERM; sleep 985 & wait; sleep 984",
        ),
    )
    push = shop.push("endless")
    assert until((tmp_path / "pid").exists)
    shop.do("cancel", push)
    reported = shop.ended(push)
    assert (reported["state"], reported["reason"]) == ("cancelled", "cancelled by boss")
    assert until(lambda: not processes_of(int((tmp_path / "pid").read_text())))


def test_deployments_are_pushed_at_once(shop: Shop, tmp_path: Path) -> None:
    for one, other in (("left", "right"), ("right", "left")):
        shop.define(
            one,
            (
                "meet",
                f"touch {tmp_path}/{one}; until [ -e {tmp_path}/{other} ]; do sleep 0.02; done",
            ),
        )
    pushes = [shop.push(name) for name in ("left", "right")]
    assert [shop.ended(push)["state"] for push in pushes] == ["succeeded"] * 2


def test_what_cannot_begin_says_so_in_its_log(shop: Shop, tmp_path: Path) -> None:
    shop.define("nowhere", ("git-clone",), REPOSITORY=f"file://{tmp_path}/none.git")
    reported = shop.ended(shop.push("nowhere"))
    assert reported["state"] == "failed"
    assert "none.git" in str(reported["log"])
    assert "Traceback" not in str(reported["log"])
