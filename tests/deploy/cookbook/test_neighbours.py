"""What else the shop runs beside Django: PHP, Perl, Java, Plone and plain files.

composer, drush, carton and buildout are stand-ins that record how they are called;
test_real_programs.py and test_tomcat.py run the real ones.
"""

import os
from pathlib import Path

import pytest

from tests.support.programs import program
from tests.support.recipe_runner import Push

RECORDING = 'echo "$*" >>calls\n'


def calls(push: Push) -> list[str]:
    """How a stand-in was called in the release."""
    return (push.release(1) / "calls").read_text().splitlines()


@pytest.fixture
def release(here: Push) -> Path:
    """An empty release on this machine."""
    here.release(1).mkdir(parents=True)
    return here.release(1)


def test_composer_installs_what_is_locked_and_nothing_for_development(anywhere: Push) -> None:
    program(anywhere.release(1) / "composer.phar", RECORDING)
    (anywhere.release(1) / "composer.lock").touch()
    anywhere.run("php-composer", COMPOSER="bash composer.phar").ok()
    assert calls(anywhere) == [
        "install --no-dev --no-interaction --prefer-dist --optimize-autoloader"
    ]


def test_composer_does_not_take_the_setting_for_its_own_variable(anywhere: Push) -> None:
    """Composer reads the name of composer.json from a variable COMPOSER."""
    program(anywhere.release(1) / "composer", 'echo "${COMPOSER-none}" >>calls\n')
    (anywhere.release(1) / "composer.lock").touch()
    anywhere.run("php-composer", COMPOSER="./composer").ok()
    assert calls(anywhere) == ["none"]


def test_composer_without_a_lock_is_refused(here: Push, release: Path) -> None:
    here.run("php-composer").failed("no composer.lock")
    (release / "composer.lock").touch()
    program(release / "composer", "echo 'requires ext-gd' >&2; exit 2")
    here.run("php-composer", COMPOSER="./composer").failed("requires ext-gd", f"{release}, then")


def test_drush_brings_drupal_up_to_date(anywhere: Push) -> None:
    program(anywhere.release(1) / "vendor/bin/drush", RECORDING)
    anywhere.run("drupal-drush").ok()
    anywhere.run("drupal-drush", DRUSH_URI="https://shop.example").ok()
    assert calls(anywhere) == ["deploy --yes", "deploy --yes --uri=https://shop.example"]


def test_a_drupal_that_drush_cannot_update_is_reported(here: Push, release: Path) -> None:
    here.run("drupal-drush").failed("vendor/bin/drush")
    program(release / "vendor/bin/drush", "echo 'update 9001 failed' >&2; exit 1")
    here.run("drupal-drush").failed("update 9001 failed", "vendor/bin/drush status")


def test_carton_installs_from_the_projects_cache_where_there_is_one(anywhere: Push) -> None:
    carton = program(anywhere.release(1) / "carton", RECORDING)
    (carton.parent / "cpanfile.snapshot").touch()
    anywhere.run("perl-carton", CARTON="./carton").ok()
    (carton.parent / "vendor/cache").mkdir(parents=True)
    anywhere.run("perl-carton", CARTON="./carton").ok()
    assert calls(anywhere) == ["install --deployment", "install --deployment --cached"]


def test_carton_without_a_snapshot_is_refused(here: Push, release: Path) -> None:
    here.run("perl-carton").failed("no cpanfile.snapshot")
    (release / "cpanfile.snapshot").touch()
    here.run("perl-carton", CARTON="./carton").failed("./carton", f"{release}, then")


def test_the_war_of_the_release_is_given_to_the_container_by_one_rename(anywhere: Push) -> None:
    war = anywhere.release(1) / "target/it's a shop.war"
    war.parent.mkdir(parents=True)
    war.write_bytes(b"PK")
    webapps = anywhere.target / "webapps"
    webapps.mkdir()
    (webapps / "shop.war").write_bytes(b"old")
    inode = (webapps / "shop.war").stat().st_ino
    settings = {
        "WAR": "target/it's a shop.war",
        "WEBAPPS": str(webapps),
        "WAR_NAME": "shop.war",
        "WAR_TIMEOUT": "0",
    }
    ran = anywhere.run("java-war", **settings).ok()
    assert os.listdir(webapps) == ["shop.war"]
    assert (webapps / "shop.war").read_bytes() == b"PK"
    assert (webapps / "shop.war").stat().st_ino != inode
    assert ran.stdout == f"{webapps}/shop.war comes from release 1\n"


def test_a_war_or_a_container_that_is_missing_is_reported(here: Push, release: Path) -> None:
    settings = {"WAR": "shop.war", "WEBAPPS": str(here.target / "webapps")}
    here.run("java-war", **settings).failed(f"no {release}/shop.war")
    (release / "shop.war").write_bytes(b"PK")
    here.run("java-war", **settings).failed(f"no {here.target}/webapps")


@pytest.mark.parametrize("place", ["bin", "ve/bin"])
def test_plone_is_built_offline(anywhere: Push, place: str) -> None:
    program(anywhere.release(1) / place / "buildout", RECORDING)
    (anywhere.release(1) / "buildout.cfg").touch()
    anywhere.run("plone-buildout").ok()
    assert calls(anywhere) == ["-N -o -c buildout.cfg buildout:index=file:///nowhere"]


def test_a_buildout_that_is_missing_or_fails_is_reported(here: Push, release: Path) -> None:
    here.run("plone-buildout").failed("no ve/bin/buildout, or no buildout.cfg")
    program(release / "bin/buildout", 'echo "Couldn\'t find a distribution" >&2; exit 1')
    (release / "live.cfg").touch()
    here.run("plone-buildout", BUILDOUT_CONFIG="live.cfg").failed("Couldn't find a distribution")


def test_of_a_static_site_just_what_was_built_is_sent(anywhere: Push) -> None:
    (anywhere.checkout / "source.md").write_text("the start page")
    built = anywhere.run(
        "static-site",
        SITE_DIRECTORY="_build/it's html",
        SITE_COMMAND=(
            """mkdir -p "_build/it's html/a"; cp source.md "_build/it's html/index.html" """
        ),
    ).ok()
    assert built.output == {"RELEASE_SOURCE": "_build/it's html"}
    assert built.stdout == "_build/it's html: 1 files\n"
    anywhere.run("rsync-release", **built.output).ok()
    assert sorted(os.listdir(anywhere.release(1))) == ["a", "index.html"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo no pandoc >&2; false", "no pandoc"),
        ("echo broken >&2; false | cat", "broken"),
        ("true", "no index.html"),
    ],
)
def test_a_static_site_that_is_not_built_is_not_sent(here: Push, command: str, words: str) -> None:
    ran = here.run("static-site", SITE_DIRECTORY="html", SITE_COMMAND=command).failed(words)
    assert ran.output == {}


def test_copy_of_deploy_in_a_built_site_is_not_sent(here: Push) -> None:
    (here.checkout / "deploy/recipes").mkdir(parents=True)
    (here.checkout / "deploy/deployments.toml").write_text("the names of the servers")
    (here.checkout / "deploy/recipes/x.sh").touch()
    command = "mkdir html; cp -r deploy html/; echo page >html/index.html"
    here.run("static-site", SITE_DIRECTORY="html", SITE_COMMAND=command).ok()
    assert os.listdir(here.checkout / "html") == ["index.html"]
    (here.checkout / "html/deploy").mkdir()
    (here.checkout / "html/deploy/page.html").touch()
    here.run("static-site", SITE_DIRECTORY="html").ok()
    assert os.listdir(here.checkout / "html/deploy") == ["page.html"]
    assert os.listdir(here.checkout / "deploy/recipes") == ["x.sh"]
