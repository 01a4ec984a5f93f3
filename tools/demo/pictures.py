"""Pictures for the docs: the demo's Rolf, in Debian's browser (make pictures)."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.demo.rolf import Rolf

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
DESKTOP, PHONE = {"width": 1200, "height": 780}, {"width": 390, "height": 780}


def take(shop: Rolf, directory: Path) -> None:
    """Put them into a directory: PNG files, named by what they show."""
    directory.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with _signed_in(browser, shop, DESKTOP, "light") as page:
            _shoot(page, directory / "deployments.png")
            deployment = _address(page, r"/deployments/\d+/")
            page.goto(shop.address + deployment)
            page.wait_for_timeout(2500)  # a worker looks into the repository meanwhile
            _shoot(page, directory / "deployment.png")
            page.locator("tr", has_text="failed").first.locator("a").first.click()
            page.get_by_role("link", name="First error").click()
            page.wait_for_timeout(500)
            _shoot(page, directory / "push.png")
            failed = page.url
            page.goto(f"{shop.address}{deployment}stages/")
            _shoot(page, directory / "stages.png")
            page.goto(f"{shop.address}cookbook/")
            _shoot(page, directory / "cookbook.png")
        with _signed_in(browser, shop, DESKTOP, "dark") as page:
            page.goto(failed)
            page.wait_for_timeout(500)
            _shoot(page, directory / "push-dark.png")
        with _signed_in(browser, shop, PHONE, "light") as page:
            _shoot(page, directory / "phone.png")
        browser.close()


@contextmanager
def _signed_in(browser: Browser, shop: Rolf, size: "dict[str, int]", scheme: str) -> Iterator[Page]:
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(shop.address)
    page.fill("#id_username", shop.login)
    page.fill("#id_password", shop.password)
    page.click("main form button")
    page.wait_for_url(shop.address)
    yield page
    context.close()


def _shoot(page: Page, path: Path) -> None:
    page.wait_for_load_state()
    page.screenshot(path=path)


def _address(page: Page, pattern: str) -> str:
    """Return the first link's address that has the pattern, without the slash in front."""
    found = re.search(rf'href="({pattern})"', page.content())
    if not found:
        raise RuntimeError(f"no link to {pattern} on {page.url}")
    return found[1].lstrip("/")
