"""Pages of pushes whose log or checkout is elsewhere."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.rolf.browser.conftest import Shop
from tests.rolf.browser.test_watching import push

# Rolf itself runs without ROLF_LOG_STORE.
MOVE = """
from django.conf import settings
from pushes.logs.archive import store_log
from pushes.models import Push
settings.LOG_STORE = {store!r}
store_log(Push.objects.latest("pk").pk)
"""
ELSEWHERE = """
from pushes.models import Push
last = Push.objects.latest("pk")
Push.objects.filter(pk=last.pk).update(
    state="failed", kept_on="web1.internal:/srv/{long}/rolf/work 0a1b2c3d")
"""
AWAY = "The output is in the store of logs, which does not answer now. Try again later."


def test_a_page_without_its_store_says_so(
    shop: Shop, visit: Callable[..., Page], tmp_path: Path
) -> None:
    page = visit("dora", shop.rolf.address)
    push(page, shop, "shop staging")
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    shop.home.shell(MOVE.format(store=str(tmp_path)))

    page.get_by_label("Search the output").fill("nowhere")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#hit")).to_have_text(AWAY)

    page.goto(page.url.partition("#")[0])
    expect(page.locator("#empty")).to_have_text(AWAY)
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    page.screenshot(path=tmp_path / "away.png")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=tmp_path / "away-phone.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shop.faults[:] = [fault for fault in shop.faults if "status of 503" not in fault]


def test_a_page_names_the_machine_with_the_checkout(
    shop: Shop, visit: Callable[..., Page], tmp_path: Path
) -> None:
    page = visit("dora", shop.rolf.address)
    push(page, shop, "shop staging")
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    long = "a-long-name-of-a-directory" * 3
    shop.home.shell(ELSEWHERE.format(long=long))
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.reload()
        expect(page.locator("#panel")).to_contain_text(f"web1.internal:/srv/{long}/rolf/work")
        page.screenshot(path=tmp_path / f"push-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Resume").click()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator("main")).to_contain_text("and no worker runs there.")
        expect(page.get_by_role("button", name="Resume")).to_have_count(0)
        page.screenshot(path=tmp_path / f"resume-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
