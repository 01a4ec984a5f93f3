"""java-war with a real Tomcat, in whole pushes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.recipe_runner import Push
from tests.support.shop import HERE, Shop, open_shop
from tests.support.tomcat import JAVA, Tomcat, make_war, serve

pytestmark = pytest.mark.needs(JAVA, "/usr/share/tomcat10/bin/catalina.sh")

STAGES = ("clear-checkout", "git-clone", "git-tag", "rsync-release", "java-war", "smoke-test")
BROKEN = "<web-app><listener><listener-class>no.such.Class</listener-class></listener></web-app>"


@pytest.fixture(scope="module")
def tomcat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tomcat]:
    """One for the module's tests, each of which has an application of its own."""
    with serve(tmp_path_factory.mktemp("tomcat")) as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path, tomcat: Tomcat) -> Shop:
    """A project that consists of a WAR."""
    made = open_shop(tmp_path)
    made.define(
        stages=STAGES,
        settings=(
            f'{HERE}\nWAR = "shop.war"\nWEBAPPS = "{tomcat.webapps}"\n'
            f'SMOKE_URL = "{tomcat.url}/shop/"\nWAR_TIMEOUT = "8"\nSMOKE_TIMEOUT = "8"'
        ),
        deployment='on_failure = "rollback"',
    )
    return made


def test_war_broken_or_whole_is_what_visitors_get(shop: Shop, tomcat: Tomcat) -> None:
    for page in ("one", "two"):
        make_war(shop.project / "shop.war", page)
        shop.commit(page)
        pushed = shop.run("deploy")
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr
        assert tomcat.get("/shop/") == (200, page)

    make_war(shop.project / "shop.war", "three", web_xml=BROKEN)  # it does not start
    shop.commit("three")
    assert shop.run("deploy").returncode == 1
    assert shop.record(3)["state"] == "failed"
    assert tomcat.get("/shop/") == (200, "two")

    (shop.project / "shop.war").write_bytes(b"PK, and nothing more")  # it cannot be unpacked
    shop.commit("four")
    pushed = shop.run("deploy")
    assert pushed.returncode == 1
    assert "Tomcat has not unpacked" in pushed.stdout + pushed.stderr
    assert tomcat.get("/shop/") == (200, "two")

    returned = shop.run("rollback", "production", "1")
    assert returned.returncode == 0, returned.stdout + returned.stderr
    assert tomcat.get("/shop/") == (200, "one")


def test_war_of_a_first_push_that_fails_is_taken_away(here: Push, tomcat: Tomcat) -> None:
    war = here.release(1) / "first.war"
    war.parent.mkdir(parents=True)
    war.write_bytes(b"PK")
    here.run("java-war", WAR="first.war", WEBAPPS=str(tomcat.webapps), WAR_TIMEOUT="3").failed(
        "Tomcat has not unpacked"
    )
    assert not [path for path in tomcat.webapps.iterdir() if "first" in path.name]


def test_war_is_not_taken_because_an_old_directory_stays(here: Push, tmp_path: Path) -> None:
    webapps = tmp_path / "webapps"
    (webapps / "shop").mkdir(parents=True)
    make_war(webapps / "shop.war", "old")
    make_war(here.release(1) / "shop.war", "new")
    here.run("java-war", WAR="shop.war", WEBAPPS=str(webapps), WAR_TIMEOUT="1").failed(
        "the previous WAR is back, but Tomcat has not unpacked it"
    )
    assert b"old" in (webapps / "shop.war").read_bytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WAR_NAME", "../shop.war"),
        ("WAR_NAME", "shop.zip"),
        ("WAR_NAME", "-f.war"),
        ("WAR_NAME", ".war"),
        ("WAR_TIMEOUT", "soon"),
        ("WAR_TIMEOUT", "-1"),
    ],
)
def test_war_settings_that_are_wrong_change_nothing(
    here: Push, tmp_path: Path, name: str, value: str
) -> None:
    (tmp_path / "webapps").mkdir()
    make_war(here.release(1) / "shop.war", "one")
    settings = {"WAR": "shop.war", "WEBAPPS": str(tmp_path / "webapps"), name: value}
    here.run("java-war", **settings).failed(f"{name}: ")
    assert not list((tmp_path / "webapps").iterdir())
