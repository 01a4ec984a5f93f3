"""The second factor in a real browser: the app's QR code, passkeys, and the pages' looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.rolf.browser.conftest import DESKTOP, PASSWORD, PHONE, WAIT
from tests.rolf.browser.test_every_page import TAGS
from tests.support.markdown import blocks
from tests.support.rolf_home import DATABASE, Home, Running, running

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/rolf-second-factor.md"
PEOPLE = f"""
from accounts.models import User
User.objects.create_superuser("pam", password={PASSWORD!r})
for name in ("ada", "grace", "eve", "kim"):
    User.objects.create_user(name, password={PASSWORD!r})
"""
FIRST = "from accounts.models import User; "
# What the app on the phone shows; the test gives it the key of the page.
CODE = """
from base64 import b32decode
from time import time
from django_otp.oath import hotp
print(f"{{hotp(b32decode('{key}'), int(time()) // 30 + {steps}):06}}")
"""
KEEP = """() => {
  HTMLFormElement.prototype.submit = () => (document.body.dataset.filled = 1);
}"""
# Sends the form with the answer of the passkey, as it is, twice.
SEND_TWICE = """async () => {
  const form = document.querySelector("form[data-passkey]");
  const found = [];
  for (const _ of [1, 2]) {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    found.push([answer.status, answer.url]);
  }
  return found;
}"""
SECURITY_KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Site:
    """A Rolf with the second factor, and browsers that look at it by the name localhost."""

    def __init__(self, home: Home, rolf: Running, chromium: Browser) -> None:
        self.home, self.chromium = home, chromium
        self.address = rolf.address.replace("127.0.0.1", "localhost")
        self.faults: list[str] = []

    @contextmanager
    def browser(self, person: str = "", **options: Any) -> Iterator[Page]:
        """A page of a browser of its own; the person has given name and password."""
        context = self.chromium.new_context(viewport=DESKTOP, **options)
        context.set_default_timeout(WAIT)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        try:
            page = context.new_page()
            page.goto(f"{self.address}sign-in/")
            if person:
                page.fill("#id_username", person)
                page.fill("#id_password", PASSWORD)
                page.click("main form button")
                page.wait_for_load_state()
            yield page
        finally:
            context.close()

    def code(self, key: str, steps: int = 0) -> str:
        return self.home.shell(CODE.format(key=key, steps=steps))

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning") and "status of 422" not in message.text:
            self.faults.append(f"console: {message.text}")


@pytest.fixture(scope="module")
def _site(
    rolf_project: Path, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    home = Home.laid_out(tmp_path_factory.mktemp("factor") / "server", rolf_project)
    home.fill(rolf_project / DATABASE)
    [shown] = [
        block.text for block in blocks(DOCUMENT.read_text()) if "LOGIN_SECOND_FACTOR=" in block.text
    ]
    (home.current / ".env").write_text(shown)
    home.manage("migrate", "-v0")
    home.shell(PEOPLE)
    with running(home) as rolf:
        yield Site(home, rolf, chromium)


@pytest.fixture
def site(_site: Site) -> Iterator[Site]:
    """The site; nothing may be wrong in any browser of the test's."""
    _site.faults.clear()
    yield _site
    assert _site.faults == []


def security_key(context: BrowserContext, page: Page) -> tuple[Any, str]:
    """Plug a security key into the browser (WebAuthn's virtual authenticator)."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    key = session.send("WebAuthn.addVirtualAuthenticator", {"options": SECURITY_KEY})
    return session, key["authenticatorId"]


def recovery_codes(page: Page) -> list[str]:
    page.get_by_role("heading", name="Keep these codes").wait_for()
    return page.locator("pre").inner_text().split()


def test_app_is_added_and_asked_for(site: Site) -> None:
    with site.browser("ada") as page:
        page.goto(f"{site.address}account/")
        page.get_by_role("link", name="Second factor").click()
        page.get_by_role("button", name="Add an app").click()
        assert page.locator(".qr svg").bounding_box()["width"] > 200  # type: ignore[index]
        key = page.locator("pre").inner_text().replace(" ", "")
        page.get_by_role("textbox", name="Code").fill("000000")
        page.get_by_role("button", name="Add app").click()
        page.get_by_text("Wrong code").wait_for()
        page.get_by_role("textbox", name="Code").fill(site.code(key))
        page.get_by_role("button", name="Add app").click()
        assert len(recovery_codes(page)) == 10
    with site.browser("ada") as page:
        page.get_by_role("heading", name="Second factor").wait_for()
        page.get_by_role("textbox", name="Code").fill(site.code(key, 1))
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="Deployments").wait_for()


def test_passkey_is_added_and_asked_for(site: Site) -> None:
    with site.browser("grace") as page:
        session, key = security_key(page.context, page)
        page.goto(f"{site.address}account/second-factor/")
        page.get_by_role("textbox", name="Name").fill("blue key")
        page.get_by_role("button", name="Add a passkey").click()
        codes = recovery_codes(page)
        page.get_by_role("link", name="Continue").click()
        page.get_by_text("blue key, added").wait_for()
        [credential] = session.send("WebAuthn.getCredentials", {"authenticatorId": key})[
            "credentials"
        ]
        page.get_by_role("button", name="Log out").click()
        page.fill("#id_username", "grace")
        page.fill("#id_password", PASSWORD)
        page.click("main form button")
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("heading", name="Deployments").wait_for()
    # Another browser with another key: its passkey is not grace's.
    with site.browser("grace") as page:
        session, key = security_key(page.context, page)
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_text("The browser gave no passkey").wait_for()
        page.goto(f"{site.address}account/")
        page.get_by_role("textbox", name="Code").fill(codes[0])
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="grace").wait_for()
    # A copied key that counts from the start (a clone) is refused, and so is a replayed answer.
    with site.browser("grace") as page:
        session, key = security_key(page.context, page)
        session.send(
            "WebAuthn.addCredential",
            {"authenticatorId": key, "credential": {**credential, "signCount": 0}},
        )
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_text("The passkey was not accepted").wait_for()


def test_passkey_is_not_asked_for_before_its_script_has_come(site: Site) -> None:
    held: list[Route] = []
    with site.browser("kim") as page:
        page.route("**/passkey*.js", lambda route: held.append(route))
        page.goto(f"{site.address}account/second-factor/", wait_until="commit")
        button = page.get_by_role("button", name="Add a passkey")
        expect(button).to_be_disabled()
        page.get_by_role("textbox", name="Name").fill("early")
        page.get_by_role("textbox", name="Name").press("Enter")
        held.pop().continue_()
        expect(button).to_be_enabled()
        assert page.url == f"{site.address}account/second-factor/"


def test_answer_for_a_passkey_is_accepted_once(site: Site) -> None:
    with site.browser("eve") as page:
        security_key(page.context, page)
        page.goto(f"{site.address}account/second-factor/")
        page.get_by_role("textbox", name="Name").fill("laptop")
        page.get_by_role("button", name="Add a passkey").click()
        recovery_codes(page)
        page.get_by_role("button", name="Log out").click()
        page.fill("#id_username", "eve")
        page.fill("#id_password", PASSWORD)
        page.click("main form button")
        page.get_by_role("button", name="Use a passkey").wait_for()
        page.evaluate(KEEP)
        page.get_by_role("button", name="Use a passkey").click()
        page.locator("body[data-filled]").wait_for()
        first, second = page.evaluate(SEND_TWICE)
        assert first == [200, site.address]
        assert second == [422, f"{site.address}sign-in/second-factor/passkey/"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit(site: Site, scheme: str, tmp_path: Path) -> None:
    faults = []

    def look(page: Page, name: str) -> None:
        page.set_viewport_size(DESKTOP)
        found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
        faults.extend(f"{name}: {fault['id']} {fault['nodes'][0]['target']}" for fault in found)
        page.screenshot(path=tmp_path / f"{name}-1280.png", full_page=True)
        page.set_viewport_size(PHONE)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{name}: wider than a phone")
        page.screenshot(path=tmp_path / f"{name}-390.png", full_page=True)

    with site.browser(color_scheme=scheme, bypass_csp=True) as page:
        look(page, "login")
        page.fill("#id_username", "pam")
        page.fill("#id_password", PASSWORD)
        page.click("main form button")
        page.goto(f"{site.address}account/second-factor/")
        if page.get_by_role("button", name="Continue").count():
            look(page, "verify")
            return
        look(page, "factors-none")
        page.get_by_role("button", name="Add an app").click()
        look(page, "app")
        key = page.locator("pre").inner_text().replace(" ", "")
        page.get_by_role("textbox", name="Code").fill(site.code(key))
        page.get_by_role("button", name="Add app").click()
        recovery_codes(page)
        look(page, "recovery-codes")
        security_key(page.context, page)
        page.goto(f"{site.address}account/second-factor/")
        page.get_by_role("textbox", name="Name").fill("blue key")
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_text("blue key, added").wait_for()
        look(page, "factors")
        page.get_by_role("link", name="Remove the passkey blue key").click()
        look(page, "remove")
        user = site.home.shell(f"{FIRST}print(User.objects.get(username='ada').pk)")
        page.goto(f"{site.address}people/{user}/second-factor/reset/")
        look(page, "reset")
    assert not faults, "\n".join(faults)
