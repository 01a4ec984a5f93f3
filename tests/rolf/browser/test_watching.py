"""The browser only watches: what it shows is what happens, however many watch, or none."""

import os
import re
import signal
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.rolf.browser.conftest import Shop


def push(page: Page, shop: Shop, deployment: str, **more: bool) -> None:
    """Push the deployment, and be led to the push."""
    page.goto(shop.at(deployment))
    if more.get("step"):
        page.get_by_text("Skip stages, or push step by step").click()
        page.get_by_label("Step by step").check()
    page.get_by_role("button", name="Push").click()
    page.wait_for_url("**/pushes/*/")


def standing(page: Page) -> str:
    return page.locator("#panel .current .state").inner_text()


# So slow that only a cancel ends it.
SLOWER = """
from deployments.models import Deployment, Setting
slow = Deployment.objects.get(name="slow")
Setting.objects.create(deployment=slow, name="LINES_PRINTED", text="3000")
"""
AS_SLOW_AS_BEFORE = """
from deployments.models import Setting
Setting.objects.filter(deployment__name="slow", name="LINES_PRINTED").delete()
"""


@pytest.fixture
def slower(shop: Shop) -> Iterator[None]:
    """While it lasts, a push of "shop slow" takes minutes."""
    shop.home.shell(SLOWER)
    yield
    shop.home.shell(AS_SLOW_AS_BEFORE)


def shown(page: Page) -> list[str]:
    return page.locator("#lines code").all_inner_texts()


def test_a_closed_tab_stops_nothing(shop: Shop, visit: Callable[..., Page]) -> None:
    page = visit("dora", shop.rolf.address)
    push(page, shop, "shop slow")
    address = page.url
    expect(page.get_by_text("line 3", exact=True)).to_be_visible()
    page.close()
    other = visit("mia", address)
    expect(other.locator("#panel .current .state")).to_have_text("succeeded")
    assert [line for line in shown(other) if line.startswith("line ")] == [
        f"line {number}" for number in range(1, 41)
    ]


def test_a_tab_that_is_seen_again_has_every_line_once(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    page, other = visit("dora", shop.rolf.address), visit("mia", shop.rolf.address)
    push(page, shop, "shop slow")
    other.goto(page.url)
    for hidden, line in ((True, 15), (False, 25), (True, 30), (False, 40)):
        page.evaluate(
            """hidden => {
            Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
            hidden,
        )
        before = shown(page)
        expect(other.get_by_text(f"line {line}", exact=True)).to_be_visible()
        if hidden:
            assert shown(page) == before
            assert line > 15 or "line 40" not in before
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    expect(page.get_by_text("line 40", exact=True)).to_be_visible()
    assert [line for line in shown(page) if line.startswith("line ")] == [
        f"line {number}" for number in range(1, 41)
    ]


def test_the_address_is_the_number_that_people_say(shop: Shop, visit: Callable[..., Page]) -> None:
    page = visit("dora", shop.rolf.address)
    push(page, shop, "shop production")
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    number = page.locator("#heading").inner_text().removeprefix("Push ")
    assert page.url == shop.at("shop production", f"pushes/{number}/")
    page.reload()
    expect(page.locator("#heading")).to_have_text(f"Push {number}")


@pytest.mark.usefixtures("slower")
def test_a_link_keeps_the_focus_when_the_number_comes(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    page = visit("dora", shop.rolf.address)
    os.kill(shop.rolf.worker, signal.SIGSTOP)
    try:
        push(page, shop, "shop slow")
        expect(page.locator("#heading")).to_have_text("A push that is queued")
        cancel = page.get_by_role("link", name="Cancel")
        cancel.focus()
    finally:
        os.kill(shop.rolf.worker, signal.SIGCONT)
    page.wait_for_url(re.compile(r"/pushes/\d+/$"))
    expect(cancel).to_be_focused()
    cancel.press("Enter")
    page.wait_for_url(re.compile(r"/pushes/\d+/cancel/$"))
    page.get_by_role("button", name="Cancel the push").click()
    expect(page.locator("#panel .current .state")).to_have_text("cancelled")


@pytest.mark.usefixtures("slower")
def test_two_browsers_see_the_same_and_one_push_runs(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    dora, pam = visit("dora", shop.rolf.address), visit("pam", shop.rolf.address)
    push(dora, shop, "shop slow")
    push(pam, shop, "shop slow")
    assert pam.url == dora.url, "the second one is led to the push that runs"
    expect(pam.get_by_role("status").first).to_contain_text("is being pushed by dora")
    for page in (dora, pam):
        expect(page.get_by_text("line 20", exact=True)).to_be_visible()
    pam.get_by_role("link", name="Cancel").click()
    expect(pam.get_by_text("Rolf stops the running stage")).to_be_visible()
    pam.get_by_role("button", name="Cancel the push").click()
    for page in (dora, pam):
        expect(page.locator("#panel .current .state")).to_have_text("cancelled")
        expect(page.locator("#panel .reason")).to_contain_text("cancelled by pam")


def test_step_mode_is_answered_by_anybody_who_may_push(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    dora, pam = visit("dora", shop.rolf.address), visit("pam", shop.rolf.address)
    push(dora, shop, "Магазин боевой", step=True)
    expect(dora.locator(".question")).to_contain_text("build")
    mia = visit("mia", dora.url)
    expect(mia.locator("#panel .current .state")).to_have_text("asks")
    expect(mia.locator(".question")).to_have_count(0)
    dora.get_by_role("button", name="Run", exact=True).click()
    pam.goto(dora.url)
    expect(pam.locator(".question")).to_contain_text("check")
    pam.get_by_role("button", name="Skip", exact=True).click()
    expect(dora.locator(".question")).to_contain_text("live")
    dora.get_by_role("button", name="Stop", exact=True).click()
    for page in (dora, pam, mia):
        expect(page.locator("#panel .current .state")).to_have_text("cancelled")
        assert [row.split()[0] for row in page.locator(".stages .state").all_inner_texts()] == [
            "succeeded",
            "skipped",
            "waiting",
        ]


def test_an_answer_goes_to_the_stage_that_was_asked_about(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    pam = visit("pam", shop.rolf.address)
    push(pam, shop, "Магазин боевой", step=True)
    expect(pam.locator(".question")).to_contain_text("build")
    # Without scripts the old question stays on the screen.
    dora = visit("dora", pam.url, java_script_enabled=False)
    expect(dora.locator(".question")).to_contain_text("build")
    pam.get_by_role("button", name="Run", exact=True).click()
    expect(pam.locator(".question")).to_contain_text("check")
    dora.get_by_role("button", name="Skip", exact=True).click()
    expect(dora.locator(".messages")).to_contain_text("now it asks about check")
    expect(dora.locator(".question")).to_contain_text("check")
    dora.get_by_role("button", name="Run", exact=True).click()
    expect(pam.locator(".question")).to_contain_text("live")
    pam.get_by_role("button", name="Run", exact=True).click()
    expect(pam.locator("#panel .current .state")).to_have_text("succeeded")
    assert [row.split()[0] for row in pam.locator(".stages .state").all_inner_texts()] == [
        "succeeded"
    ] * 3


def test_the_board_tells_what_runs_by_itself(shop: Shop, visit: Callable[..., Page]) -> None:
    board, dora = visit("mia", shop.rolf.address), visit("dora", shop.rolf.address)
    row = board.locator("tr", has_text="shop slow").last
    board.get_by_text("1 deprecated").click()
    row.get_by_role("link", name="shop slow").focus()
    push(dora, shop, "shop slow")
    expect(row).to_contain_text("running")
    expect(row).to_contain_text("succeeded")
    # News leave the keyboard where it is, and open what was open.
    expect(row.get_by_role("link", name="shop slow")).to_be_focused()
    expect(board.get_by_role("link", name="shop of 2010")).to_be_visible()


def test_screen_readers_announce_each_state_once(shop: Shop, visit: Callable[..., Page]) -> None:
    dora = visit("dora", shop.rolf.address)
    push(dora, shop, "Магазин боевой", step=True)
    expect(dora.locator(".question")).to_contain_text("build")
    announcement = visit("mia", dora.url).locator("#announcement")
    for stage in ("check", "live"):
        dora.get_by_role("button", name="Skip", exact=True).click()
        expect(announcement).to_have_text(f"asks: whether to run {stage}")
        expect(dora.locator(".question")).to_contain_text(stage)
    dora.get_by_role("button", name="Skip", exact=True).click()
    expect(announcement).to_have_text("succeeded")


def test_everything_but_following_works_without_scripts(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    page = visit("dora", shop.rolf.address, java_script_enabled=False)
    page.get_by_role("link", name="shop production").first.click()
    page.get_by_label("BREAK").check()
    page.get_by_role("button", name="Push").click()
    page.wait_for_url("**/pushes/*/")
    for _ in range(100):
        page.reload()
        if standing(page) == "failed":
            break
        page.wait_for_timeout(100)
    page.get_by_role("link", name="First error").click()
    expect(page.get_by_text("Error: the till is broken")).to_be_visible()
    page.get_by_label("Search the output").fill("line 7")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#lines").get_by_text("line 7", exact=True)).to_be_visible()
    page.get_by_role("link", name="Resume").click()
    page.get_by_role("button", name="Resume with check").click()
    page.locator(".finder input").fill("slow")
    page.locator(".finder input").press("Enter")
    expect(page.get_by_role("link", name="shop slow")).to_be_visible()


def test_eight_tabs_of_one_browser_all_follow(shop: Shop) -> None:
    """A browser has six connections for a host, and each stream keeps one (HTTP/1.1)."""
    with shop.context("dora") as context:
        first = context.new_page()
        push(first, shop, "shop slow")
        tabs = [first, *(context.new_page() for _ in range(7))]
        for tab in tabs[1:]:
            tab.goto(first.url)
        for tab in tabs:
            expect(tab.get_by_text("line 20", exact=True)).to_be_visible()
        for tab in tabs:
            expect(tab.locator("#panel .current .state")).to_have_text("succeeded")
            assert [line for line in shown(tab) if line.startswith("line ")] == [
                f"line {number}" for number in range(1, 41)
            ]


def test_ended_and_hidden_pages_hold_no_stream(shop: Shop, visit: Callable[..., Page]) -> None:
    page = visit("dora", shop.rolf.address)
    streams: list[str] = []
    page.on(
        "request",
        lambda request: (
            streams.append(request.url) if request.resource_type == "eventsource" else None
        ),
    )
    push(page, shop, "shop production")
    expect(page.locator("#panel .current .state")).to_have_text("succeeded")
    streams.clear()
    page.reload()
    page.wait_for_timeout(1500)
    assert streams == []
    page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => window.away})")
    page.goto(shop.rolf.address)
    page.wait_for_timeout(1000)
    assert len(streams) == 1
    page.evaluate("window.away = true; document.dispatchEvent(new Event('visibilitychange'))")
    streams.clear()
    page.wait_for_timeout(1000)
    assert streams == []
    page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(1000)
    assert len(streams) == 1


def test_the_back_button_leads_to_a_page_that_gets_news(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    board, dora = visit("mia", shop.rolf.address), visit("dora", shop.rolf.address)
    board.goto(shop.at("shop slow"))
    board.go_back()
    push(dora, shop, "shop slow")
    row = board.locator("tr", has_text="shop slow").last
    expect(row).to_contain_text("running")
    expect(row).to_contain_text("succeeded")


def test_a_live_push_offers_the_way_back_to_the_one_before(
    shop: Shop, visit: Callable[..., Page]
) -> None:
    dora = visit("dora", shop.rolf.address)
    for _ in range(2):
        push(dora, shop, "shop staging")
        expect(dora.locator("#panel .current .state")).to_have_text("succeeded")
    expect(dora.get_by_role("link", name="Roll back to this push")).to_have_count(0)
    dora.get_by_role("link", name="Undo: roll back to push 1").click()
    expect(dora.get_by_role("heading", level=1)).to_have_text("Roll back to push 1")
