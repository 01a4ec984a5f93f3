"""What Rolf shows is what it pushes: a branch that has moved meanwhile is asked about."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.rolf.browser.conftest import PHONE, Shop

DEPLOYMENT = """
from deployments.models import Application, Deployment, Grant, Level, Setting, Stage
from django.contrib.auth.models import Group
site, made = Deployment.objects.get_or_create(
    application=Application.objects.get(name="shop"), name="of a branch")
if made:
    Grant.objects.create(deployment=site, group=Group.objects.get(name="designers"),
                         level=Level.PUSH)
    Stage.objects.create(deployment=site, name="clone", recipe="git-clone", position=0)
    Stage.objects.create(deployment=site, name="read", position=1,
                         code='cat "$CHECKOUT_DIR/page.txt"')
Setting.objects.update_or_create(
    deployment=site, name="REPOSITORY", defaults={{"text": "{repository}"}})
site.surveys.all().delete()
site.pushes.all().delete()
print(site.pk)
"""


class Work:
    """A repository in which somebody commits."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._git("init", "-q", "-b", "main", str(directory), at=directory.parent)

    def commit(self, page: str) -> str:
        """Commit the page; return the commit as pages show it."""
        (self.directory / "page.txt").write_text(f"this is {page}\n")
        self._git("add", ".")
        self._git("commit", "-q", "-m", f"Say {page}")
        return self._git("rev-parse", "HEAD")[:7]

    def _git(self, *words: str, at: Path | None = None) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=Anna", "-c", "user.email=a@example.org", *words],
            cwd=at or self.directory,
            check=True,
            text=True,
            capture_output=True,
        ).stdout


@pytest.fixture
def work(shop: Shop, tmp_path: Path) -> Work:
    """The repository of a deployment whose key is that of "branch"."""
    work = Work(tmp_path / "site")
    keys = shop.home.shell(DEPLOYMENT.format(repository=work.directory))
    shop.deployments["branch"] = keys.split()[-1]
    return work


def press(page: Page) -> None:
    page.get_by_role("button", name="Push", exact=True).click()


def test_a_branch_that_has_moved_is_asked_about(
    shop: Shop, work: Work, visit: Callable[..., Page]
) -> None:
    shown = work.commit("one")
    page = visit("dora", shop.at("branch"), viewport=PHONE)
    survey = page.locator("#survey")
    expect(survey).to_contain_text(shown)
    moved = work.commit("two")
    page.get_by_label("Comment").fill("the page of the fair")
    press(page)
    expect(page).to_have_title(re.compile("^Not done"))
    expect(page.get_by_role("alert")).to_contain_text("Nothing was pushed")
    expect(survey).to_contain_text(moved)
    expect(page.get_by_label("Comment")).to_have_value("the page of the fair")
    expect(page.locator("#state")).not_to_contain_text("failed")
    press(page)
    page.wait_for_url("**/pushes/*/")
    expect(page.locator("#lines")).to_contain_text("this is two")


def test_a_typing_error_in_the_branch_makes_no_push(
    shop: Shop, work: Work, visit: Callable[..., Page]
) -> None:
    work.commit("one")
    page = visit("dora", shop.at("branch"))
    page.get_by_label("Branch, tag or commit").fill("mian")
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("has no branch, tag or commit mian")
    expect(page.get_by_label("Branch, tag or commit")).to_have_value("mian")
    expect(page.locator("#state")).not_to_contain_text("failed")


def test_open_tabs_look_again_when_a_push_has_ended(
    shop: Shop, work: Work, visit: Callable[..., Page]
) -> None:
    work.commit("one")
    other = visit("dora", shop.at("branch"))
    page = visit("dora", shop.at("branch"))
    for one in (page, other):
        expect(one.locator("#survey")).to_contain_text("There is no live release")
    press(page)
    page.wait_for_url("**/pushes/*/")
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    expect(other.locator("#survey")).to_contain_text("there are no new commits")
