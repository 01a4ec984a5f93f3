"""REMOTE_USER through a real Apache with mod_authnz_ldap, under mod_wsgi and as a proxy."""

import base64
import http.client
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import apache, ldap, login_page
from tests.support.ldap import Ldap
from tests.support.rolf_home import Home, environment, running
from tests.support.rolf_visitor import Visitor, ask
from tests.support.site import give_away

pytestmark = pytest.mark.needs(apache.APACHE, *ldap.PROGRAMS)

PASSWORD = "correct horse"
SECRET = "a-secret-that-apache-and-rolf-share-0123456789"
MODULES = [
    *("mpm_event", "authz_core", "authz_host", "authz_user", "authn_core", "auth_basic", "alias"),
    *("dir", "setenvif", "headers", "ldap", "authnz_ldap"),
]
GROUPS = """
from accounts.models import User
print(sorted(User.objects.get(username="{name}").groups.values_list("name", flat=True)))
"""
USERS = (
    "from accounts.models import User; print(sorted(user.username for user in User.objects.all()))"
)
# What a client sends to be somebody else: with and without the blank, in every spelling.
# The cookie of a session: in development, and behind TLS.
SESSION = re.compile(r"\b(sessionid|__Host-rolf)=")
FORGED = [
    ("X-Remote-User", "root"),
    ("X-Remote-User", " root"),
    ("X-Remote-User", "wrong-secret root"),
    ("X_Remote_User", f"{SECRET} root"),
    ("X-Remote_User", f"{SECRET} root"),
    ("x-remote-user", "root"),
    ("Remote-User", "root"),
    ("Remote_User", "root"),
    ("REMOTE_USER", "root"),
    ("HTTP_REMOTE_USER", "root"),
    ("HTTP-X-Remote-User", f"{SECRET} root"),
    ("X-Forwarded-User", "root"),
    ("AUTHENTICATE_UID", "root"),
]


@dataclass
class Site:
    """A Rolf behind Apache; `shell` runs Python in it."""

    address: str
    home: Home

    def visitor(self, name: str = "", password: str = PASSWORD, **headers: str) -> Visitor:
        """Return a visitor whose browser knows a name and a password for Apache."""
        if name:
            words = base64.b64encode(f"{name}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {words}"
        return Visitor(self.address, **headers)

    def logged_in(self, name: str = "", password: str = PASSWORD, **headers: str) -> Visitor:
        """Return a visitor who opened the page of the central login."""
        visitor = self.visitor(name, password, **headers)
        visitor.open("sign-in/remote/?next=/account/")
        return visitor

    def sends(self, path: str, *headers: tuple[str, str]) -> tuple[int, str]:
        """Send exactly these headers; return the status and the cookies."""
        host = re.sub("^http://|/$", "", self.address)
        connection = http.client.HTTPConnection(host, timeout=20)
        try:
            connection.putrequest("GET", path)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            answer.read()
            return answer.status, "; ".join(answer.headers.get_all("Set-Cookie") or [])
        finally:
            connection.close()


def sees(visitor: Visitor) -> bool:
    """Whether the visitor is logged in."""
    return visitor.open("account/")[1] == visitor.address + "account/"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ldap]:
    """A directory with people, two of whom are in a group."""
    with ldap.directory(tmp_path_factory.mktemp("remote") / "ldap") as found:
        for uid in ("ada", "grace", "root"):
            found.add_person(uid, PASSWORD, "Ada Lovelace")
        found.add_group("rolf-web", "ada", "grace")
        found.add_group("staff", "ada", "grace")
        yield found


@pytest.fixture(params=["wsgi", "proxy"])
def site(
    request: pytest.FixtureRequest, home: Home, directory: Ldap, tmp_path: Path
) -> Iterator[Site]:
    """Rolf behind an Apache that asks the directory, in each of the two ways."""
    way = _wsgi if request.param == "wsgi" else _proxy
    with way(home, directory, tmp_path, "") as site:
        yield site


def test_apache_logs_people_in(site: Site) -> None:
    visitor = site.visitor("ada")
    status, url, page = visitor.open("sign-in/remote/?next=/account/")
    assert (status, url) == (200, site.address + "account/"), page
    assert "Ada Lovelace" in page
    assert "ada@example.org" in page
    assert site.home.shell(GROUPS.format(name="ada")) == "['web']"


def test_every_spelling_is_one_account(site: Site) -> None:
    for name in ("ada", "ADA"):
        assert sees(site.logged_in(name))
    assert site.home.shell(USERS).count("ada") == 1


def test_apache_refuses_a_wrong_password(site: Site) -> None:
    assert site.visitor("ada", "wrong").open("sign-in/remote/")[0] == 401
    assert not sees(site.logged_in("ada", "wrong"))


def test_the_login_page_leads_there_and_back(site: Site) -> None:
    _, url, page = site.visitor().open("account/")
    assert url == site.address + "sign-in/?next=/account/"
    assert 'href="/sign-in/remote/?next=%2Faccount%2F"' in page


def test_another_site_is_not_returned_to(site: Site) -> None:
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        visitor = site.visitor("ada")
        assert visitor.open(f"sign-in/remote/?next={target}")[1] == site.address


@pytest.mark.parametrize("path", ["/sign-in/remote/", "/account/", "/"])
def test_forged_headers_are_ignored(site: Site, path: str) -> None:
    for forged in FORGED:
        status, cookies = site.sends(path, forged)
        assert status in (302, 401, 403), forged
        assert not SESSION.search(cookies), forged
    assert "root" not in site.home.shell(USERS)


def test_forged_headers_change_no_login(site: Site) -> None:
    words = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    own = ("Authorization", f"Basic {words}")
    for forged in FORGED:
        for headers in ((own, forged), (forged, own), (forged, own, forged)):
            status, cookies = site.sends("/sign-in/remote/", *headers)
            assert (status, bool(SESSION.search(cookies))) == (302, True), forged
    forged_groups = ("X-Remote-Groups", "cn=rolf-db,ou=groups,dc=example,dc=org")
    site.sends("/sign-in/remote/", own, forged_groups, ("X_Remote_Groups", forged_groups[1]))
    assert "root" not in site.home.shell(USERS)
    assert site.home.shell(GROUPS.format(name="ada")) == "['web']"


def test_a_session_gets_a_new_key_at_login(site: Site) -> None:
    known = "known-to-an-attacker-0123456789"
    words = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    own = ("Authorization", f"Basic {words}")
    cookie = ("Cookie", f"sessionid={known}; __Host-rolf={known}")
    _, cookies = site.sends("/sign-in/remote/", own, cookie)
    assert SESSION.search(cookies)
    assert known not in cookies


def test_sessions_end_without_a_new_login(home: Home, directory: Ldap, tmp_path: Path) -> None:
    with _proxy(home, directory, tmp_path, "LOGIN_CONFIRM_WITHIN=3\n") as site:
        visitor = site.logged_in("grace")
        assert sees(visitor)
        directory.remove_member("rolf-web", "grace")
        time.sleep(3)
        assert not sees(visitor)
        visitor.open("sign-in/remote/")
        assert sees(visitor)
        assert site.home.shell(GROUPS.format(name="grace")) == "[]"


def test_a_proxy_that_forwards_headers_lets_in_nobody(
    home: Home, directory: Ldap, tmp_path: Path
) -> None:
    with _proxy(home, directory, tmp_path, "", sets_headers=False) as site:
        for forged in FORGED:
            assert not SESSION.search(site.sends("/sign-in/remote/", forged)[1]), forged
        # What protects it is the secret alone.
        header = ("X-Remote-User", f"{SECRET} ada")
        assert SESSION.search(site.sends("/sign-in/remote/", header)[1])


def test_direct_connections_need_the_secret(home: Home) -> None:
    (home.current / ".env").write_text(f"LOGIN_METHODS=remote_user\nREMOTE_USER_SECRET={SECRET}\n")
    with running(home) as rolf:
        direct = Site(rolf.address, home)
        for forged in FORGED:
            status, cookies = direct.sends("/sign-in/remote/", forged)
            assert (status, bool(SESSION.search(cookies))) == (403, False), forged
        two = f"{SECRET} ada,{SECRET} root"
        assert ask(rolf.address + "sign-in/remote/", X_Remote_User=two)[0] == 403


def test_the_only_provider_is_asked_at_once(home: Home) -> None:
    (home.current / ".env").write_text(f"LOGIN_METHODS=remote_user\nREMOTE_USER_SECRET={SECRET}\n")
    with running(home) as rolf:
        visitor = Visitor(rolf.address, X_Remote_User=f"{SECRET} ada")
        status, url, _ = visitor.open("account/")
        assert (status, url) == (200, rolf.address + "account/")
        root = Visitor(rolf.address)
        _, _, page = root.open("sign-in/")
        assert 'type="password"' not in page
        _, _, page = root.open("sign-in/?password")
        assert 'type="password"' in page
        root.open("sign-in/?password")
        assert sees_password(root, rolf.reported["password"])


def sees_password(visitor: Visitor, password: str) -> bool:
    """Whether the local superuser can log in by the form."""
    page = visitor.open("sign-in/?password")[2]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    visitor.open(
        "sign-in/?password", username="admin", password=password, csrfmiddlewaretoken=token[1]
    )
    return sees(visitor)


def test_another_person_ends_the_session(home: Home) -> None:
    (home.current / ".env").write_text(f"LOGIN_METHODS=remote_user\nREMOTE_USER_SECRET={SECRET}\n")
    with running(home) as rolf:
        ada = Visitor(rolf.address, X_Remote_User=f"{SECRET} ada")
        assert sees(ada)
        ada._opener.addheaders[-1] = ("X-Remote-User", f"{SECRET} grace")
        _, _, page = ada.open("account/")
        assert "<h1>grace</h1>" in page


@contextmanager
def _proxy(
    home: Home, directory: Ldap, place: Path, more: str, *, sets_headers: bool = True
) -> Iterator[Site]:
    """Run `manage.py rolf` behind Apache, with the configurations that the page shows."""
    section = "### As a proxy for ./manage.py rolf"
    shown = login_page.block(section, "LOGIN_METHODS=local,remote_user")
    address = apache.loopback()
    settings = shown.replace("=SECRET", f"={SECRET}") + f"ALLOWED_HOSTS=localhost,{address}\n{more}"
    (home.current / ".env").write_text(settings)
    secret = place / "rolf-secret.conf"
    secret.write_text(f"Define rolf_secret {SECRET}\n")
    included = login_page.block(section, "Include").replace(
        "/etc/apache2/rolf-secret.conf", str(secret)
    )
    location = login_page.block(section, '<Location "/sign-in/remote/">') if sets_headers else ""
    with running(home) as rolf:
        text = (home.current / "apache/asgi.conf").read_text()
        text = text.replace("http://127.0.0.1:8000/", rolf.address)
        configuration = place / "asgi.conf"
        configuration.write_text(_with_login(included + text, location, directory))
        (place / "apache").mkdir()
        modules = [*MODULES, "proxy", "proxy_http"]
        with apache.serve(place / "apache", configuration, modules=modules, address=address):
            yield Site(f"http://{address}/", home)


@contextmanager
def _wsgi(home: Home, directory: Ldap, place: Path, more: str) -> Iterator[Site]:
    """Run Rolf under mod_wsgi, with the configurations that the page shows."""
    section = "### Under mod_wsgi"
    address = apache.loopback()
    root = Path(tempfile.mkdtemp(prefix="www"))
    root.chmod(0o755)
    try:
        site = root / "rolf"
        shutil.copytree(home.current.resolve(), site, symlinks=True)
        (site / "data").unlink()
        shutil.copytree(home.current / "data", site / "data")
        (site / ".env").write_text(
            login_page.block(section, "LOGIN_METHODS=local,remote_user")
            + f"SECRET_KEY={'x' * 60}\nALLOWED_HOSTS=localhost,{address}\n"
            + "DJANGO_SETTINGS_MODULE=rolf.settings.over_http\n"
            + more
        )
        # Browsers keep secure cookies to themselves over http, which this test speaks.
        (site / "rolf/settings/over_http.py").write_text(
            "from .production import *\nSESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False\n"
        )
        subprocess.run(
            ["./manage.py", "collectstatic", "--noinput", "-v0"],
            cwd=site,
            check=True,
            env=environment(),
        )
        give_away(site)
        location = login_page.block(section, '<Location "/sign-in/remote/">')
        text = (site / "apache/production.conf").read_text().replace("/var/www/rolf", str(site))
        configuration = place / "production.conf"
        configuration.write_text(_with_login(text, location, directory))
        # The processes of www-data connect to a socket there; pytest's directories are root's.
        (root / "apache").mkdir()
        modules = [*MODULES, "mime", "filter", "wsgi", "expires", "deflate"]
        with apache.serve(root / "apache", configuration, modules=modules, address=address):
            yield Site(f"http://{address}/", Home(_as_home(root, site)))
    finally:
        shutil.rmtree(root)


def _as_home(root: Path, site: Path) -> Path:
    """Return a directory whose `current` is the site, as `Home` expects it."""
    (root / "current").symlink_to(site)
    return root


def _with_login(configuration: str, location: str, directory: Ldap) -> str:
    """Return a site's configuration with the lines of a login, for the test's directory."""
    # Apache's own directive for a password in a file; the test has it in the file.
    location = login_page.at(directory, location).replace(
        "exec:/bin/cat /etc/apache2/rolf-ldap-password", ldap.SERVICE_PASSWORD
    )
    return configuration.replace("</VirtualHost>", location + "</VirtualHost>")
