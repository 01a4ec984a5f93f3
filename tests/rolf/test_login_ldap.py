"""Login by LDAP, with Debian's slapd and the configuration that docs/rolf-login.md shows."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import ldap, login_page
from tests.support.ldap import BASE, Ldap
from tests.support.rolf_home import Home, Running, running, until
from tests.support.rolf_visitor import Visitor, ask

pytestmark = pytest.mark.needs(*ldap.PROGRAMS)

PASSWORD = "correct horse"
GROUPS = """
from accounts.models import User
print(sorted(User.objects.get(username="{name}").groups.values_list("name", flat=True)))
"""
TOKEN = """
from accounts.models import User
from api.models import Token
token = Token(user=User.objects.get(username="{name}"), name="t", all_deployments=True)
text = token.generate()
token.save()
print(text)
"""
ALL_GROUPS = "from accounts.models import Group; print(list(Group.objects.values_list('name')))"
USERS = (
    "from accounts.models import User; print(sorted(user.username for user in User.objects.all()))"
)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Ldap]:
    """A directory with two people and two groups."""
    with ldap.directory(tmp_path / "ldap") as found:
        found.add_person("ada", PASSWORD)
        found.add_person("grace", "hopper hopper", "Grace Hopper")
        found.add_group("rolf-web", "ada", "grace")
        found.add_group("staff", "ada", "grace")
        yield found


def configure(home: Home, text: str) -> None:
    (home.current / ".env").write_text(text)


@contextmanager
def rolf_with(home: Home, directory: Ldap, *more: str) -> Iterator[Running]:
    """Run Rolf with the page's configuration, and more lines of .env, which win."""
    shown = login_page.at(directory, login_page.block("## LDAP", "LOGIN_METHODS=local,ldap"))
    configure(home, "\n".join([shown, *more, ""]))
    with running(home) as rolf:
        yield rolf


def sees(visitor: Visitor) -> bool:
    """Whether the visitor is logged in."""
    return visitor.open("account/")[1] == visitor.address + "account/"


def log_in(rolf: Running, name: str = "ada", password: str = PASSWORD) -> Visitor:
    visitor = Visitor(rolf.address)
    visitor.sign_in(name, password)
    return visitor


def api(rolf: Running, token: str) -> int:
    return ask(rolf.address + "api/deployments", Authorization=f"Bearer {token}")[0]


def test_people_log_in_with_their_groups(home: Home, directory: Ldap) -> None:
    with rolf_with(home, directory) as rolf:
        assert sees(log_in(rolf))
        assert home.shell(GROUPS.format(name="ada")) == "['rolf-web']"
        _, _, page = log_in(rolf).open("account/")
        assert "Ada Lovelace" in page
        assert "ada@example.org" in page
        assert not sees(log_in(rolf, password="wrong"))
        assert not sees(log_in(rolf, password=""))
        assert not sees(log_in(rolf, "nobody"))


def test_every_spelling_is_one_account(home: Home, directory: Ldap) -> None:
    with rolf_with(home, directory) as rolf:
        for name in ("ada", "ADA", "Ada", " ada "):
            assert sees(log_in(rolf, name)), name
        assert home.shell(USERS) == "['ada', 'admin']"


def test_an_outside_admin_is_not_the_local_one(home: Home, directory: Ldap) -> None:
    directory.add_person("ADMIN", PASSWORD, "Mallory")
    with rolf_with(home, directory) as rolf:
        status, _, page = Visitor(rolf.address).sign_in("admin", PASSWORD)
        assert status == 422
        assert "Rolf has an account admin that does not belong to this central login" in page
        assert sees(log_in(rolf, "ADMIN", rolf.reported["password"]))


def test_hostile_names_find_nobody(home: Home, directory: Ldap) -> None:
    hostile = ("*", "ad*", "ada)(uid=*", "*)(|(uid=*", "a\\64a", "ada\0", "a\u00adda", "%(user)s")
    with rolf_with(home, directory) as rolf:
        for name in hostile:
            assert not sees(log_in(rolf, name)), name
        assert home.shell(USERS) == "['admin']"


def test_leaving_a_group_takes_effect_in_time(home: Home, directory: Ldap) -> None:
    with rolf_with(home, directory, "LOGIN_CONFIRM_WITHIN=3") as rolf:
        visitor = log_in(rolf)
        token = home.shell(TOKEN.format(name="ada"))
        directory.remove_member("rolf-web", "ada")
        time.sleep(3)
        assert api(rolf, token) == 200
        assert home.shell(GROUPS.format(name="ada")) == "[]"
        assert sees(visitor)


def test_a_person_who_is_gone_loses_all(home: Home, directory: Ldap) -> None:
    with rolf_with(home, directory, "LOGIN_CONFIRM_WITHIN=3") as rolf:
        visitor, other = log_in(rolf), log_in(rolf, "grace", "hopper hopper")
        token = home.shell(TOKEN.format(name="ada"))
        assert api(rolf, token) == 200
        with _stream(visitor) as stream:
            directory.delete(directory.dn("ada"))
            began = time.monotonic()
            stream.read()  # until Rolf ends it
            assert time.monotonic() - began < 3 + 7
        assert not sees(visitor)
        assert api(rolf, token) == 401
        assert sees(other)
        assert home.shell(GROUPS.format(name="ada")) == "[]"


def test_a_filter_ends_disabled_accounts(home: Home, directory: Ldap) -> None:
    only = "LDAP_USER_FILTER=(&(uid=%(user)s)(memberOf=cn=staff,ou=groups,dc=example,dc=org))"
    with rolf_with(home, directory, "LOGIN_CONFIRM_WITHIN=3", only) as rolf:
        visitor = log_in(rolf)
        assert sees(visitor)
        directory.remove_member("staff", "ada")
        time.sleep(3)
        assert not sees(visitor)
        assert not sees(log_in(rolf))


def test_sessions_outlast_a_directory_that_is_away(home: Home, directory: Ldap) -> None:
    limits = ("LOGIN_CONFIRM_WITHIN=2", "LOGIN_PROVIDER_AWAY=20")
    with rolf_with(home, directory, *limits) as rolf:
        visitor = log_in(rolf)
        began = time.monotonic()
        token = home.shell(TOKEN.format(name="ada"))
        directory.kill()
        time.sleep(3)
        assert sees(visitor)
        assert api(rolf, token) == 200
        status, _, page = Visitor(rolf.address).sign_in("grace", "hopper hopper")
        assert status == 422
        assert "The directory cannot be reached" in page
        assert sees(log_in(rolf, "admin", rolf.reported["password"]))
        assert until(lambda: not sees(visitor), 40)
        assert time.monotonic() - began > 19
        assert api(rolf, token) == 401
        assert "Traceback" not in rolf.printed


def test_a_directory_that_returns_confirms_again(home: Home, directory: Ldap) -> None:
    with rolf_with(home, directory, "LOGIN_CONFIRM_WITHIN=2", "LDAP_TIMEOUT=1") as rolf:
        visitor = log_in(rolf)
        directory.kill()
        time.sleep(3)
        assert sees(visitor)
        directory.start()
        assert sees(visitor)


def test_ten_thousand_groups_create_only_mapped_ones(home: Home, directory: Ldap) -> None:
    directory.kill()
    names = [f"team-{number}" for number in range(10_000)]
    directory.fill(
        "\n".join(
            f"dn: cn={name},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {name}\n"
            f"member: {directory.dn('grace')}\nmember: {directory.dn('ada')}\n"
            if number < 300
            else f"dn: cn={name},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {name}\n"
            f"member: {directory.dn('grace')}\n"
            for number, name in enumerate(names)
        )
    )
    directory.start()
    with rolf_with(home, directory) as rolf:
        began = time.monotonic()
        assert sees(log_in(rolf))
        assert time.monotonic() - began < 10
        assert home.shell(ALL_GROUPS) == "[('rolf-web',)]"


def test_groups_in_groups_count(home: Home, directory: Ldap) -> None:
    directory.add_group("rolf-all", "+rolf-web")
    with rolf_with(home, directory, "LDAP_GROUP_TYPE=nestedGroupOfNames") as rolf:
        assert sees(log_in(rolf))
        assert home.shell(GROUPS.format(name="ada")) == "['rolf-all', 'rolf-web']"


@pytest.mark.parametrize("kind", ["groupOfNames", "nestedGroupOfNames"])
def test_entries_have_odd_names(home: Home, directory: Ldap, kind: str) -> None:
    unit = f"ou=50% Köln\\, Süd (alt) \\+ *,ou=people,{BASE}"
    directory.change(
        f"dn: {unit}\nchangetype: add\nobjectClass: organizationalUnit\n\n"
        f"dn: uid=zoë,{unit}\nchangetype: add\nobjectClass: inetOrgPerson\n"
        f"uid: zoë\ncn: Zoë\nsn: Zoë\nuserPassword: {PASSWORD}\n\n"
        f"dn: cn=rolf-100% (Süd),ou=groups,{BASE}\nchangetype: add\n"
        f"objectClass: groupOfNames\nmember: uid=zoë,{unit}\n"
    )
    with rolf_with(home, directory, f"LDAP_GROUP_TYPE={kind}") as rolf:
        assert sees(log_in(rolf, "zoë"))
        assert home.shell(GROUPS.format(name="zoë")) == "['rolf-100% (Süd)']"


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (
            "LDAP_BIND_PASSWORD=wrong",
            "Invalid credentials (check LDAP_BIND_DN, LDAP_BIND_PASSWORD)",
        ),
        ("LDAP_CA_FILE=/nowhere.pem", "option error (check LDAP_CA_FILE)"),
    ],
)
def test_log_names_what_is_wrong(home: Home, directory: Ldap, wrong: str, cause: str) -> None:
    with rolf_with(home, directory, wrong) as rolf:
        status, _, page = Visitor(rolf.address).sign_in("ada", PASSWORD)
        assert status == 422
        assert "The directory cannot be reached" in page
        assert f"login by LDAP failed: {cause}" in rolf.output.read_text()


def test_unix_groups_count(home: Home, directory: Ldap) -> None:
    directory.change(
        f"dn: cn=rolf-unix,ou=groups,{BASE}\nchangetype: add\nobjectClass: posixGroup\n"
        "cn: rolf-unix\ngidNumber: 1000\nmemberUid: ada\n"
    )
    with rolf_with(home, directory, "LDAP_GROUP_TYPE=posixGroup") as rolf:
        assert sees(log_in(rolf))
        assert home.shell(GROUPS.format(name="ada")) == "['rolf-unix']"


def test_tls_is_verified(home: Home, directory: Ldap) -> None:
    tls = f"LDAP_URI={directory.tls_uri}"
    with rolf_with(home, directory, tls, f"LDAP_CA_FILE={directory.authority}") as rolf:
        assert sees(log_in(rolf))
    with rolf_with(home, directory, tls) as rolf:
        status, _, page = Visitor(rolf.address).sign_in("ada", PASSWORD)
        assert (status, "The directory cannot be reached" in page) == (422, True)


def test_start_tls_protects_the_password(home: Home, directory: Ldap) -> None:
    start = ("LDAP_START_TLS=true",)
    with rolf_with(home, directory, *start, f"LDAP_CA_FILE={directory.authority}") as rolf:
        assert sees(log_in(rolf))
    with rolf_with(home, directory, *start) as rolf:
        assert not sees(log_in(rolf))


@contextmanager
def _stream(visitor: Visitor) -> Iterator[object]:
    """Follow the events of the front page."""
    with visitor._opener.open(visitor.address + "live/", timeout=60) as stream:
        assert stream.readline().startswith(b"event: ")
        yield stream
