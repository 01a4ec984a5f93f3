"""The log of a push: what is on the screen of it, and how one gets about in it."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.rolf.browser.conftest import PHONE, WAIT, Shop
from tests.rolf.browser.test_watching import push


def test_following_ends_when_one_scrolls_up_and_begins_again(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    page = visit("dora", shop.rolf.address)
    shop.home.shell(SAYS_MUCH)
    push(page, shop, "shop staging")
    follow = page.get_by_role("button", name="Follow")
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    expect(page.get_by_text("line 5000", exact=True)).to_be_visible()
    end = page.locator("#lines li").last
    expect(end).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0, "the end is on the screen by itself"
    assert page.locator("#lines li").count() <= 830, "only what is on the screen is in the page"
    expect(follow).to_have_attribute("aria-pressed", "true")
    page.locator(".log").hover()
    page.mouse.wheel(0, -3000)
    expect(follow).to_have_attribute("aria-pressed", "false")
    scroll_up_to(page, 4000)
    assert page.locator("#lines li").count() <= 1030
    follow.click()
    expect(page.get_by_text("line 5000", exact=True)).to_be_visible()

    page.get_by_label("Search the output").fill("LINE 2500")
    page.get_by_role("button", name="Top").click()
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#lines .here")).to_contain_text("line 2500")
    # A permanent link names the line as an editor does that has the raw log.
    address, _, line = page.url.partition("#L")
    raw = page.request.get(f"{address.partition('?')[0]}log").text().splitlines()
    assert raw[int(line) - 1] == "line 2500"
    page.goto(page.url)
    expect(page.locator("#lines .here")).to_contain_text("line 2500")
    expect(page.locator("#lines .here")).to_be_in_viewport()

    # A search goes round: what stands above is found from the end, too.
    follow.click()
    page.get_by_label("Search the output").fill("building")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#hit")).to_have_text("line 1, from the top")
    page.get_by_role("button", name="Previous").click()
    expect(page.locator("#hit")).to_have_text("line 1, from the end")
    page.get_by_label("Search the output").fill("nowhere")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#hit")).to_have_text("not found")


def scroll_up_to(page: Page, line: int) -> None:
    """Turn the wheel until that line is in the page: what is above comes by itself."""
    first = page.locator("#lines li").first
    for _ in range(WAIT // 80):
        if int(first.get_attribute("data-line") or 0) < line:
            return
        page.mouse.wheel(0, -20000)
        page.wait_for_timeout(80)
    raise AssertionError(first.get_attribute("data-line"))


def long_log(shop: Shop, visit: Callable[..., Page]) -> Page:
    """Return the page of a push that has ended, at the end of its 5,000 lines."""
    page = visit("dora", shop.rolf.address)
    shop.home.shell(SAYS_MUCH)
    push(page, shop, "shop staging")
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    expect(page.get_by_text("line 5000", exact=True)).to_be_visible()
    return page


def test_a_slow_answer_does_not_undo_a_jump(shop: Shop, visit: Callable[..., Page]) -> None:
    page = long_log(shop, visit)
    held: list[Route] = []
    page.route("**/lines/**", lambda route: held.append(route))
    page.locator(".log").hover()
    with page.expect_request("**/lines/**"):
        page.mouse.wheel(0, -20000)
    with page.expect_request("**/lines/**"):
        page.get_by_role("button", name="Top").click()
    for _ in range(WAIT // 20):  # until both have come to the route
        if len(held) == 2:
            break
        page.wait_for_timeout(20)
    above, top = held
    with page.expect_response("**/lines/**"):
        top.continue_()
    expect(page.locator("#lines .here")).to_have_attribute("data-line", "0")
    with page.expect_response("**/lines/**") as late:
        above.continue_()
    late.value.finished()
    page.evaluate("new Promise((done) => setTimeout(done, 200))")  # the page takes it before
    numbers = page.locator("#lines [data-line]").evaluate_all(
        "items => items.map((item) => Number(item.dataset.line))"
    )
    assert numbers == list(range(len(numbers)))


def test_a_failed_answer_is_asked_for_again(shop: Shop, visit: Callable[..., Page]) -> None:
    page = long_log(shop, visit)
    page.route("**/lines/**", lambda route: route.fulfill(status=503))
    page.locator(".log").hover()
    with page.expect_response("**/lines/**"):
        page.mouse.wheel(0, -20000)
    page.unroute_all()
    scroll_up_to(page, 4000)
    shop.faults[:] = [fault for fault in shop.faults if "status of 503" not in fault]


SAYS_MUCH = """
from deployments.models import Deployment, Setting
for name, text in (("LINES_PRINTED", "5000"), ("PAUSE", "0")):
    Setting.objects.update_or_create(
        deployment=Deployment.objects.get(application__name="shop", name="staging"), name=name,
        defaults={"text": text})
"""


def test_where_one_goes_in_a_log_is_on_the_screen_of_a_phone(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    page = visit("dora", shop.at("Магазин боевой"), viewport=PHONE)
    page.get_by_label("BREAK").check()
    page.get_by_role("button", name="Push").click()
    expect(page.locator("#panel .current .state")).to_have_text("failed")
    here = page.locator("#lines .here")
    for name, line in (
        ("build", "building"),
        ("check", "Error: the till"),
        ("First error", "Error: the till"),
    ):
        page.evaluate("scrollTo(0, 0)")
        page.get_by_role("link", name=name, exact=True).click()
        expect(here).to_contain_text(line)
        expect(here).to_be_in_viewport(ratio=1)
        expect(here.locator("a")).to_be_focused()
    # A line near the end that was jumped to isn't the wish to follow.
    follow = page.get_by_role("button", name="Follow")
    expect(follow).to_have_attribute("aria-pressed", "false")
    page.evaluate("scrollTo(0, 0)")
    follow.click()
    expect(page.locator("#lines li").last).to_be_in_viewport(ratio=1)


def test_the_lines_of_a_log_are_no_stops_of_the_keyboard(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    page = visit("dora", shop.at("shop production"))
    page.get_by_role("button", name="Push").click()
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    page.locator(".log").focus()
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('#lines')")
