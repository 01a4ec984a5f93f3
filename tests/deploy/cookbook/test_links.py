"""A link that another user has prepared leads a recipe to no file of the deploying login."""

from pathlib import Path

import pytest

from tests.support.recipe_runner import Push


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A file of the deploying login."""
    file = tmp_path / "id_ed25519"
    file.write_text("key\n")
    file.chmod(0o600)
    return file


def is_unchanged(file: Path) -> bool:
    return file.read_text() == "key\n" and file.stat().st_mode & 0o777 == 0o600


def test_java_war_follows_no_link(here: Push, tmp_path: Path, private: Path) -> None:
    webapps = tmp_path / "webapps"
    webapps.mkdir()
    (webapps / ".shop.war.partial").symlink_to(private)
    war = here.release(1) / "shop.war"
    war.parent.mkdir(parents=True)
    war.write_bytes(b"PK")
    war.chmod(0o664)
    here.run("java-war", WAR="shop.war", WEBAPPS=str(webapps), WAR_TIMEOUT="0").ok()
    assert is_unchanged(private)
    live = webapps / "shop.war"
    assert (live.is_symlink(), live.read_bytes()) == (False, b"PK")
    assert live.stat().st_mode & 0o777 == 0o644


def test_maintenance_on_follows_no_link(here: Push, private: Path) -> None:
    page = here.target / "shared/maintenance.html"
    page.parent.mkdir(parents=True)
    (page.parent / ".maintenance.html.new").symlink_to(private)
    here.run("maintenance-on").ok()
    assert is_unchanged(private)
    assert not page.is_symlink()
    assert page.stat().st_mode & 0o777 == 0o644
