"""Take screenshots of the demo's Rolf for the docs, with Debian's browser (make pictures)."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.demo.rolf import Rolf

CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium-headless-shell"
DESKTOP, PHONE = {"width": 1200, "height": 780}, {"width": 390, "height": 780}


def take(rolf_site: Rolf, directory: Path) -> None:
    """Take all screenshots into a directory, as PNG files."""
    directory.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with _logged_in(browser, rolf_site, DESKTOP, "light") as page:
            _screenshot(page, directory / "deployments.png")
            deployment = _link(page, r"/deployments/\d+/")
            page.goto(rolf_site.address + deployment)
            page.wait_for_timeout(2500)  # meanwhile a worker reads the repository
            _screenshot(page, directory / "deployment.png")
            page.locator("tr", has_text="failed").first.locator("a").first.click()
            page.get_by_role("link", name="First error").click()
            page.wait_for_timeout(500)
            _screenshot(page, directory / "push.png")
            failed = page.url
            page.goto(f"{rolf_site.address}{deployment}stages/")
            _screenshot(page, directory / "stages.png")
            page.goto(f"{rolf_site.address}cookbook/")
            _screenshot(page, directory / "cookbook.png")
        with _logged_in(browser, rolf_site, DESKTOP, "dark") as page:
            page.goto(failed)
            page.wait_for_timeout(500)
            _screenshot(page, directory / "push-dark.png")
        with _logged_in(browser, rolf_site, PHONE, "light") as page:
            _screenshot(page, directory / "phone.png")
        browser.close()


@contextmanager
def _logged_in(
    browser: Browser, rolf_site: Rolf, size: "dict[str, int]", scheme: str
) -> Iterator[Page]:
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(rolf_site.address)
    page.fill("#id_username", rolf_site.login)
    page.fill("#id_password", rolf_site.password)
    page.click("main form button")
    page.wait_for_url(rolf_site.address)
    yield page
    context.close()


def _screenshot(page: Page, path: Path) -> None:
    page.wait_for_load_state()
    page.screenshot(path=path)


def _link(page: Page, pattern: str) -> str:
    """Return the address of the first link that matches, without the leading slash."""
    found = re.search(rf'href="({pattern})"', page.content())
    if not found:
        raise RuntimeError(f"no link to {pattern} on {page.url}")
    return found[1].lstrip("/")
