"""A designer pushes, watches, sees it fail, and rolls back."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.rolf.browser.conftest import Shop


def test_a_designer_pushes_sees_it_fail_and_rolls_back(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    page = visit("dora", shop.rolf.address)
    page.get_by_role("link", name="shop production").first.click()
    expect(page.get_by_role("navigation", name="shop production")).to_have_count(0)

    page.get_by_label("Comment").fill("colours of autumn")
    page.get_by_role("button", name="Push").click()
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    expect(page.locator("#heading")).to_have_text("Push 1")
    expect(page.get_by_text("line 40", exact=True)).to_be_visible()
    expect(page.locator("#lines .fg-2", has_text="building")).to_have_count(1)
    expect(page.get_by_text("100%", exact=True)).to_be_visible()

    page.get_by_role("link", name="shop production").click()
    page.get_by_label("BREAK").check()
    page.get_by_role("button", name="Push").click()
    expect(page.locator("#panel .current .state")).to_have_text("failed")
    page.get_by_role("link", name="First error").click()
    broken = page.locator("#lines .here")
    expect(broken).to_contain_text("Error: the till is broken")
    assert "stderr" in (broken.get_attribute("class") or "")

    page.get_by_role("link", name="shop production").click()
    page.get_by_role("link", name="Resume").count()
    page.locator("table.pushes a", has_text="1").last.click()
    page.get_by_role("link", name="Roll back to this push").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Roll back to push 1")
    assert "sesame" not in page.content()
    page.get_by_role("button", name="Roll back").click()
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    expect(page.get_by_text("live: release-1", exact=True)).to_be_visible()
    page.goto(shop.rolf.address)
    expect(page.locator("#recent + table")).to_contain_text("succeeded")


def test_settings_are_nothing_for_a_designer(shop: Shop, visit: Callable[..., Page]) -> None:
    page = visit("dora", shop.at("shop production"))
    assert not re.search("GREETING|TOKEN", page.content())
    answer = page.goto(shop.at("shop production", "settings/"))
    assert answer
    assert answer.status == 403
    shop.faults.clear()  # chromium says so on its console, too
