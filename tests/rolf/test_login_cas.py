"""Login by CAS, with a real server and the configuration that docs/rolf-login-cas.md shows."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from tests.rolf.test_login_oidc import GROUPS, TOKEN, api, at, sees
from tests.support import cas, oidc
from tests.support.cas import PASSWORD, Server
from tests.support.markdown import blocks
from tests.support.rolf_home import Home, Running, running, until
from tests.support.rolf_visitor import Visitor
from tests.support.shared import made_once, shared_directory

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/rolf-login-cas.md"
URL = "https://cas.example.org/cas/"


@pytest.fixture(scope="session")
def cas_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with django-cas-server."""

    def make(directory: Path) -> None:
        oidc.python_environment(directory, "django-cas-server>=3.1")

    return made_once(shared_directory(tmp_path_factory) / "cas-server", make) / "ve/bin/python"


@pytest.fixture
def server(cas_python: Path, tmp_path: Path) -> Iterator[Server]:
    """A CAS server with two people."""
    with cas.server(cas_python, tmp_path / "cas") as found:
        yield found


@contextmanager
def rolf_with(home: Home, server: Server, *more: str) -> Iterator[Running]:
    """Run Rolf with the page's configuration."""
    [shown] = [
        block.text for block in blocks(DOCUMENT.read_text()) if "LOGIN_METHODS=" in block.text
    ]
    assert URL in shown
    (home.current / ".env").write_text("\n".join([*more, shown.replace(URL, server.url), ""]))
    home.manage("migrate", "-v0")
    with running(home) as rolf:
        yield rolf


def log_in(rolf: Running, name: str = "ada", path: str = "sign-in/cas/") -> Visitor:
    """Log in at the CAS server."""
    visitor = Visitor(rolf.address)
    give_password(visitor, visitor.open(path)[1:], name)
    return visitor


def give_password(visitor: Visitor, shown: "tuple[str, str]", name: str) -> None:
    address, page = shown
    inputs = re.findall("<input[^>]*>", page)
    pairs = [
        (re.search('name="([^"]+)"', tag), re.search('value="([^"]*)"', tag)) for tag in inputs
    ]
    hidden = {key[1]: value[1].replace("&amp;", "&") for key, value in pairs if key and value}
    action = re.search(r'<form[^>]* action="([^"]*)"', page)
    place = urljoin(address, action[1]) if action else address
    # The server shows all attributes that it releases after the login, and goes on by a redirect.
    at(visitor).open(place, **{**hidden, "username": name, "password": PASSWORD})


def test_people_log_in_with_their_groups(home: Home, server: Server) -> None:
    with rolf_with(home, server) as rolf:
        assert "Log in with Example Login" in Visitor(rolf.address).open("sign-in/")[2]
        visitor = log_in(rolf)
        assert sees(visitor)
        assert home.shell(GROUPS) == "['rolf-web']"
        page = visitor.open("account/")[2]
        assert "Ada Lovelace" in page
        assert "ada@example.org" in page
        assert sees(log_in(rolf, "grace"))


def test_wrong_password_opens_nothing(home: Home, server: Server) -> None:
    with rolf_with(home, server) as rolf:
        assert not sees(log_in(rolf, "nobody"))


def test_forged_ticket_is_refused(home: Home, server: Server) -> None:
    with rolf_with(home, server) as rolf:
        visitor = Visitor(rolf.address)
        visitor.open("sign-in/cas/")
        page = visitor.open("sign-in/cas/?ticket=ST-forged")[2]
        assert "CAS did not accept the login" in page
        assert not sees(visitor)


def test_login_leads_to_no_other_site(home: Home, server: Server) -> None:
    with rolf_with(home, server) as rolf:
        visitor = Visitor(rolf.address)
        there = visitor.open("sign-in/cas/?next=https://example.com/")[1]
        assert parse_qs(urlsplit(there).query)["service"] == [f"{rolf.address}sign-in/cas/"]
        assert sees(log_in(rolf, path="sign-in/cas/?next=https://example.com/"))


def test_single_log_out_ends_the_session(home: Home, server: Server) -> None:
    with rolf_with(home, server) as rolf:
        visitor, other = log_in(rolf), log_in(rolf, "grace")
        assert sees(visitor)
        at(visitor).open(f"{server.url}logout")
        assert until(lambda: not sees(visitor), 20)
        assert sees(other)


def test_session_and_tokens_end_without_a_new_login(home: Home, server: Server) -> None:
    with rolf_with(home, server, "LOGIN_CONFIRM_WITHIN=4") as rolf:
        visitor = log_in(rolf)
        token = home.shell(TOKEN)
        assert api(rolf, token) == 200
        server.put("ada", groups="rolf-dns")
        time.sleep(4)
        assert not sees(visitor)
        assert api(rolf, token) == 401
        # CAS knows the person still, so one click is enough.
        visitor.open("sign-in/cas/")
        assert sees(visitor)
        assert home.shell(GROUPS) == "['rolf-dns']"
        assert api(rolf, token) == 200


def test_server_away_leaves_local_logins(home: Home, server: Server) -> None:
    with rolf_with(home, server) as rolf:
        visitor = Visitor(rolf.address)
        visitor.open("sign-in/cas/")
        server.stop()
        assert "CAS cannot be reached" in visitor.open("sign-in/cas/?ticket=ST-1")[2]
        local = Visitor(rolf.address)
        local.sign_in("admin", rolf.reported["password"])
        assert sees(local)
