"""A Rolf with the people of a shop, and browsers in which they look at it."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.network import own_network
from tests.support.rolf_home import DATABASE, Home, Running, running
from tests.support.shared import made_once, shared_directory

# Chromium without its own windows, which cost as much as the pages of a test.
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium-headless-shell"
# A browser in a test calls nobody, and needs no sandbox of its own (which root can't have).
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOP = Path(__file__).with_name("shop.py")
PASSWORD = "open sesame 12"
WAIT = 60_000  # milliseconds that something may take to be on a page, however busy the machine is
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def network() -> Iterator[None]:
    """A network of the browser's and its servers' own.

    Chromium ends its connections (ERR_NETWORK_CHANGED) when the machine gets or loses an address,
    as it does from tests with several machines.
    """
    with own_network():
        yield


# A module's, not the session's: other modules look at the children of this very process.
@pytest.fixture(scope="module")
def chromium(network: None) -> Iterator[Browser]:
    """Debian's browser."""
    if not Path(CHROMIUM).exists():
        pytest.skip("no chromium: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        expect.set_options(timeout=WAIT)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Shop:
    """A Rolf that runs; `deployments` are keys by name."""

    home: Home
    rolf: Running
    chromium: Browser
    deployments: dict[str, str]
    faults: list[str] = field(default_factory=list)

    def at(self, deployment: str, path: str = "") -> str:
        return f"{self.rolf.address}deployments/{self.deployments[deployment]}/{path}"

    @contextmanager
    def context(self, person: str = "", **options: Any) -> Iterator[BrowserContext]:
        """A browser of somebody's, signed in; whatever is wrong in it is one of `faults`."""
        options = {"viewport": DESKTOP, **options}
        context = self.chromium.new_context(**options)
        context.set_default_timeout(WAIT)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("request", self._request)
        try:
            if person:
                page = context.new_page()
                page.goto(self.rolf.address)
                page.fill("#id_username", person)
                page.fill("#id_password", PASSWORD)
                page.click("main form button")
                page.wait_for_url(self.rolf.address)
                page.close()
            yield context
        finally:
            context.close()

    def _console(self, message: Any) -> None:
        # What chromium itself says of a form that is shown again with its faults, or what has
        # changed.
        if message.type in ("error", "warning") and not re.search(
            "status of (409|422)", message.text
        ):
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.rolf.address, "data:", "blob:")):
            self.faults.append(f"a request elsewhere: {request.url}")


@pytest.fixture(scope="module")
def _shop(
    rolf_project: Path, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    home = Home.laid_out(tmp_path_factory.mktemp("shop") / "server", rolf_project)
    # Its content is the same for each module, and is made once.
    filled = shared_directory(tmp_path_factory) / "shop"

    def make(directory: Path) -> None:
        home.fill(rolf_project / DATABASE)
        (directory / "keys").write_text(home.shell(SHOP.read_text()))
        # The keys come along: with other ones nobody can decrypt the secrets of the deployments.
        shutil.copytree(home.current / "data", directory / "data")

    made_once(filled, make)
    shutil.copytree(filled / "data", home.current / "data", dirs_exist_ok=True)
    keys = (filled / "keys").read_text()
    deployments = dict(line.rsplit(" ", 1) for line in keys.splitlines())
    with running(home) as rolf:
        yield Shop(home, rolf, chromium, deployments)


@pytest.fixture
def shop(_shop: Shop) -> Iterator[Shop]:
    """The shop; nothing may be wrong in any browser of the test's."""
    _shop.faults.clear()
    yield _shop
    assert _shop.faults == []


@pytest.fixture
def visit(shop: Shop) -> Iterator[Callable[..., Page]]:
    """Open a page of somebody's."""
    contexts = []

    def page(person: str, address: str, **options: Any) -> Page:
        context = shop.context(person, **options)
        contexts.append(context)
        opened = context.__enter__().new_page()
        opened.goto(address)
        return opened

    yield page
    for context in contexts:
        context.__exit__(None, None, None)
