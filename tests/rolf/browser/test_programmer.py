"""A programmer writes a recipe, orders stages, clones."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.rolf.browser.conftest import PHONE, Shop


def expect_stages(page: Page, *names: str) -> None:
    expect(page.locator(".order strong")).to_have_text(list(names))


def test_a_programmer_writes_a_recipe_and_orders_stages(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    page = visit("pam", f"{shop.rolf.address}cookbook/new/")
    page.get_by_label("Name").fill("wave")
    page.locator(".ace_content").click()
    page.keyboard.type('# Waves.\n# needs: GREETING\necho "$GREETING"')
    expect(page.locator(".ace_comment").first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.classList.contains('ace_text-input')")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("wave")
    expect(page.locator("pre code").first).to_contain_text('echo "$GREETING"')

    page.goto(shop.at("shop staging", "stages/"))
    page.get_by_label("Add a recipe from the cookbook").fill("wave")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Save").click()
    expect_stages(page, "build", "check", "live", "wave")

    page.locator(".order > li").nth(3).drag_to(
        page.locator(".order > li").nth(0), target_position={"x": 200, "y": 5}
    )
    expect(page.locator(".order strong").first).to_have_text("wave")
    page.wait_for_load_state("networkidle")
    page.reload()
    expect_stages(page, "wave", "build", "check", "live")

    page.get_by_role("link", name="wave").first.focus()
    with page.expect_response("**/stages/order/"):
        page.keyboard.press("Alt+ArrowDown")
    expect_stages(page, "build", "wave", "check", "live")
    assert page.evaluate("document.activeElement.textContent") == "wave"
    with page.expect_response("**/stages/order/"):
        page.get_by_role("button", name="Move wave down").click()
    page.reload()
    expect_stages(page, "build", "check", "wave", "live")

    page.get_by_role("link", name="General").click()
    page.get_by_role("link", name="Clone …").click()
    page.get_by_label("Name").fill("twin")
    page.get_by_role("button", name="Clone deployment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop twin")
    page.get_by_role("link", name="Stages").click()
    expect_stages(page, "build", "check", "wave", "live")


def test_what_is_refused_stays_in_the_form(shop: Shop, visit: Callable[..., Page]) -> None:
    page = visit("pam", shop.at("shop staging", "settings/new/"))
    page.get_by_label("Name").fill("no name")
    page.get_by_label("Value").fill("first\n'second'\n")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".faults")).to_be_visible()
    expect(page).to_have_title(re.compile("^Not done"))
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_label("Value")).to_have_value("first\n'second'\n")
    page.get_by_label("Name").fill("TWO_LINES")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("TWO_LINES")


def test_search_finds_while_one_types(shop: Shop, visit: Callable[..., Page]) -> None:
    page = visit("pam", shop.rolf.address)
    page.get_by_role("searchbox").press_sequentially("магаз")
    page.locator("#found a", has_text="Магазин боевой").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Магазин боевой")


def test_what_a_search_finds_fits_on_a_phone_and_leaves_nothing_behind(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    page = visit("pam", f"{shop.rolf.address}account/", viewport=PHONE)
    page.get_by_role("searchbox").press_sequentially("production")
    found = page.locator("#found")
    expect(found).to_be_visible()
    expect(page.locator("#counted")).to_have_text("2 found")
    box = found.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    page.get_by_role("searchbox").fill("")
    page.get_by_role("searchbox").press("Space")
    expect(page.locator("#counted")).to_have_text("")
    assert (found.bounding_box() or {"height": 0})["height"] == 0
