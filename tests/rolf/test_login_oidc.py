"""Login by OpenID Connect, with real providers and the configuration of docs/rolf-login-oidc.md."""

import http.client
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from tests.support import oidc
from tests.support.markdown import blocks
from tests.support.oidc import Provider
from tests.support.rolf_home import Home, Running, running
from tests.support.rolf_visitor import Visitor, ask
from tests.support.shared import made_once, shared_directory

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/rolf-login-oidc.md"
ISSUER = "https://login.example.org"
GROUPS = """
from accounts.models import User
print(sorted(User.objects.get(username="ada").groups.values_list("name", flat=True)))
"""
TOKEN = """
from accounts.models import User
from api.models import Token
token = Token(user=User.objects.get(username="ada"), name="t", all_deployments=True)
text = token.generate()
token.save()
print(text)
"""


@pytest.fixture(scope="session")
def mock_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with oidc-provider-mock."""

    def make(directory: Path) -> None:
        oidc.python_environment(directory, "oidc-provider-mock")

    return made_once(shared_directory(tmp_path_factory) / "oidc-mock", make) / "ve/bin/python"


@pytest.fixture(scope="session")
def strict_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """npm's oidc-provider."""

    def make(directory: Path) -> None:
        oidc.node_environment(directory)

    directory = made_once(shared_directory(tmp_path_factory) / "oidc-strict", make)
    return directory / oidc.STRICT.name


@pytest.fixture
def provider(mock_python: Path) -> Iterator[Provider]:
    """A provider that takes every client."""
    with oidc.mock(mock_python) as found:
        yield found


def shown() -> str:
    """The configuration of the page."""
    [found] = [
        block.text for block in blocks(DOCUMENT.read_text()) if "LOGIN_METHODS=" in block.text
    ]
    return found


@contextmanager
def rolf_with(home: Home, endpoints: str, *more: str) -> Iterator[Running]:
    """Run Rolf with the page's configuration and a provider's endpoints."""
    own = [line for line in shown().splitlines() if ISSUER not in line]
    (home.current / ".env").write_text("\n".join([*more, *own, endpoints, ""]))
    home.manage("migrate", "-v0")
    with running(home) as rolf:
        yield rolf


def endpoints_of(home: Home, provider: Provider) -> str:
    return home.manage("oidc_provider", provider.issuer)


def log_in(rolf: Running, subject: str = "7", path: str = "sign-in/oidc/") -> Visitor:
    """Log in at oidc-provider-mock."""
    visitor = Visitor(rolf.address)
    _, there, page = visitor.open(path)
    assert "Authorize Client" in page
    Visitor.open(at(visitor), there, sub=subject)
    return visitor


def at(visitor: Visitor) -> Visitor:
    """The same browser, for addresses anywhere."""
    other = Visitor("")
    other.__dict__.update({**visitor.__dict__, "address": ""})
    return other


def sees(visitor: Visitor) -> bool:
    return visitor.open("account/")[1] == visitor.address + "account/"


def api(rolf: Running, token: str) -> int:
    return ask(rolf.address + "api/deployments", Authorization=f"Bearer {token}")[0]


def test_page_shows_the_endpoints_of_the_strict_provider() -> None:
    lines = dict(line.split("=", 1) for line in shown().splitlines())
    assert lines["OIDC_TOKEN_ENDPOINT"] == f"{ISSUER}/token"


def test_people_log_in_with_their_groups(home: Home, provider: Provider) -> None:
    with rolf_with(home, endpoints_of(home, provider)) as rolf:
        page = Visitor(rolf.address).open("sign-in/")[2]
        assert "Log in with Example Login" in page
        visitor = log_in(rolf)
        assert sees(visitor)
        assert home.shell(GROUPS) == "['rolf-web']"
        page = visitor.open("account/")[2]
        assert "Ada Lovelace" in page
        assert "ada@example.org" in page
        # The same person under another name has the same account.
        provider.put("7", preferred_username="lovelace")
        assert "<h1>ada</h1>" in log_in(rolf).open("account/")[2]


def test_denied_login_leads_to_the_login_page(home: Home, provider: Provider) -> None:
    with rolf_with(home, endpoints_of(home, provider)) as rolf:
        visitor = Visitor(rolf.address)
        there = visitor.open("sign-in/oidc/")[1]
        _, address, page = at(visitor).open(there, action="deny")
        assert address == rolf.address + "sign-in/"
        assert "The provider did not log you in" in page


def test_leaving_a_group_takes_effect_in_time(home: Home, provider: Provider) -> None:
    with rolf_with(home, endpoints_of(home, provider), "LOGIN_CONFIRM_WITHIN=3") as rolf:
        visitor = log_in(rolf)
        token = home.shell(TOKEN)
        assert api(rolf, token) == 200
        provider.put("7", groups=["staff"])
        time.sleep(3)
        assert api(rolf, token) == 200
        assert home.shell(GROUPS) == "[]"
        assert sees(visitor)


def test_revoked_person_loses_session_and_tokens(home: Home, provider: Provider) -> None:
    with rolf_with(home, endpoints_of(home, provider), "LOGIN_CONFIRM_WITHIN=3") as rolf:
        visitor = log_in(rolf)
        token = home.shell(TOKEN)
        provider.revoke("7")
        time.sleep(3)
        assert api(rolf, token) == 401
        assert home.shell(GROUPS) == "[]"
        assert not sees(visitor)


def test_provider_away_leaves_sessions_and_local_logins(home: Home, provider: Provider) -> None:
    limits = ("LOGIN_CONFIRM_WITHIN=3", "LOGIN_PROVIDER_AWAY=8")
    with rolf_with(home, endpoints_of(home, provider), *limits) as rolf:
        visitor = log_in(rolf)
        other = Visitor(rolf.address)
        there = other.open("sign-in/oidc/")[1]
        query = parse_qs(urlsplit(there).query)
        provider.stop()
        time.sleep(3)
        assert sees(visitor)
        back = f"sign-in/oidc/callback/?code=x&state={query['state'][0]}"
        assert "The provider cannot be reached" in other.open(back)[2]
        local = Visitor(rolf.address)
        local.sign_in("admin", rolf.reported["password"])
        assert sees(local)
        time.sleep(6)
        assert not sees(visitor)


def test_address_behind_a_tls_proxy_is_https(home: Home, provider: Provider) -> None:
    with rolf_with(home, endpoints_of(home, provider), "TLS_PROXY=true") as rolf:
        _, there, _ = Visitor(rolf.address).open("sign-in/oidc/")
        assert parse_qs(urlsplit(there).query)["redirect_uri"][0].startswith("http:")
        connection = http.client.HTTPConnection(rolf.address.split("/")[2])
        connection.request("GET", "/sign-in/oidc/", headers={"X-Forwarded-Proto": "https"})
        found = connection.getresponse().headers["Location"]
        connection.close()
        assert parse_qs(urlsplit(found).query)["redirect_uri"][0].startswith("https:")


def test_unknown_issuer_is_named(home: Home, provider: Provider) -> None:
    with pytest.raises(AssertionError, match=r"cannot be read: .*\n  next: curl -i http"):
        home.manage("oidc_provider", "http://127.0.0.1:1")
    with pytest.raises(AssertionError, match="is the document of another issuer"):
        home.manage("oidc_provider", provider.issuer + "/")


@pytest.mark.needs("node", "npm")
def test_strict_provider_logs_in_and_confirms(
    home: Home, strict_script: Path, tmp_path: Path
) -> None:
    people = tmp_path / "people.json"
    people.write_text(json.dumps(oidc.PEOPLE))
    port = oidc.free_port()
    issuer = f"http://127.0.0.1:{port}"
    with oidc.strict(strict_script, port, people, "https://rolf.example.org/") as found:
        lines = endpoints_of(home, found)
    assert lines.splitlines() == [
        line.replace(ISSUER, issuer) for line in shown().splitlines() if ISSUER in line
    ]
    with rolf_with(home, lines, "LOGIN_CONFIRM_WITHIN=3") as rolf:
        redirect = f"{rolf.address}sign-in/oidc/callback/"
        with oidc.strict(strict_script, port, people, redirect):
            visitor = Visitor(rolf.address)
            fill_in(visitor, visitor.open("sign-in/oidc/")[1:], login="7", password="any")
            assert sees(visitor)
            assert home.shell(GROUPS) == "['rolf-web']"
            # Each confirmation uses up a refresh token and stores the next one.
            for groups in (["rolf-dns"], ["rolf-web", "rolf-dns"]):
                people.write_text(json.dumps({"7": {**oidc.PEOPLE["7"], "groups": groups}}))
                time.sleep(3)
                assert sees(visitor)
                assert home.shell(GROUPS) == str(sorted(groups))
            people.write_text("{}")
            time.sleep(3)
            assert not sees(visitor)
            assert home.shell(GROUPS) == "[]"


def fill_in(visitor: Visitor, shown: "tuple[str, str]", **fields: str) -> None:
    """Fill in the login and the consent of npm's oidc-provider."""
    address, page = shown
    for _ in range(2):
        action = re.search(r'<form[^>]* action="([^"]+)"', page)
        assert action, page
        hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
        _, address, page = at(visitor).open(urljoin(address, action[1]), **{**hidden, **fields})
