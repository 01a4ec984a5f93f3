"""Every page: accessible (WCAG 2.2 AA), as wide as its window, and nothing wrong in its console."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.rolf.browser.conftest import DESKTOP, PHONE, Shop

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = [
    "",
    "search/?q=shop",
    "cookbook/",
    "cookbook/new/",
    "cookbook/of/git-clone/",
    "account/",
    "account/password/",
    "tokens/",
    "tokens/new/",
    "api/",
    "people/",
    "people/new/",
    "people/sessions/",
    "workers/",
    "history/",
    "audit/",
    "people/groups/new/",
    "applications/",
    "categories/new/",
    "deployments/new/",
    "deployments/deleted/",
]
OF_DEPLOYMENT = [
    "",
    "stages/",
    "stages/new/",
    "settings/",
    "settings/new/",
    "flags/",
    "flags/new/",
    "permissions/",
    "permissions/new/",
    "history/",
    "edit/",
    "close/",
    "clone/",
    "export/",
    "delete/",
    "pushes/",
]
OF_PUSH = ["", "cancel/", "resume/", "rollback/"]
# Its name is one word that is wider than a phone, and so is what is written in it.
LONG = "ThePortalForApplicationsToDoctoralProgrammesWithoutASingleSpace production"


@pytest.fixture(scope="module")
def boss(_shop: Shop) -> str:
    """Sees everything."""
    _shop.home.shell(
        "from accounts.models import User; User.objects.create_superuser("
        "'boss', password='open sesame 12')"
    )
    return "boss"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(
    shop: Shop, visit: Callable[..., Page], boss: str, scheme: str
) -> None:
    # Axe is a script of the test's own, which the site's policy would refuse.
    page = visit(boss, shop.at(LONG), color_scheme=scheme, bypass_csp=True)
    page.get_by_label("Comment").fill("https://issues.example.org/" + "1234567890/" * 9)
    page.get_by_label("BREAK").check()
    page.get_by_role("button", name="Push").click()
    page.locator("#panel .current .failed").wait_for()
    address = page.url
    addresses = [shop.rolf.address + path for path in PAGES]
    addresses += [shop.at(LONG, path) for path in OF_DEPLOYMENT]
    addresses += [address + path for path in OF_PUSH]
    faults = []
    for one in addresses:
        page.set_viewport_size(DESKTOP)
        answer = page.goto(one)
        assert answer
        assert answer.status == 200, one
        page.wait_for_load_state()
        found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
        faults += [f"{one}: {fault['id']} at {fault['nodes'][0]['target']}" for fault in found]
        page.set_viewport_size(PHONE)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{one}: wider than a phone")
    assert not faults, "\n".join(faults)


def test_the_list_of_pages_is_whole(shop: Shop) -> None:
    names = shop.home.shell(NAMES)
    missing = [route for route in names.splitlines() if route and not _listed(route)]
    assert missing == [], "add them to the list above, or say here why not"


# What one can look at: every address that answers GET by a page, without more in it than the
# deployment and the push. The others (a row's form, a recipe's version) look the same.
NAMES = """
from main.tests.url_table import rows
for row in rows():
    if row.declared and "GET" in row.allowed and (
            set(row.parameters) <= {"deployment_id", "address"}):
        print(row.route)
"""
NO_PAGES = {"live/", "lines/", "search/", "news/", "follow/", "log", "survey/", "push/"}


def _listed(route: str) -> bool:
    push = "deployments/<int:deployment_id>/pushes/<push:address>/"
    deployment = "deployments/<int:deployment_id>/"
    if route.startswith(push):
        rest = route.removeprefix(push)
        return rest in OF_PUSH or rest in NO_PAGES
    if route.startswith(deployment):
        rest = route.removeprefix(deployment)
        return rest in OF_DEPLOYMENT or rest in NO_PAGES
    return any(page.partition("?")[0] == route for page in PAGES) or route in NO_PAGES
