"""bootstrapper.address: no password of an address gets into a message or a file."""

import pytest

from bootstrapper.address import has_password, without_password, without_passwords

HOST = "git.example.org/shop/site.git"
PASSWORDS = (
    "s3cret",
    "p@ss",
    "p:ss",
    "p/ss",
    "p#ss",
    "p?ss",
    "p%40ss",
    "p%ss",
    "p@/:#%w",
    "://p",
    "",
)


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("scheme", ["https", "HTTPS", "http", "git+https", "ftp"])
def test_web_address_loses_user_and_password(scheme: str, password: str) -> None:
    address = f"{scheme}://user:{password}@{HOST}"
    assert has_password(address)
    assert without_password(address) == f"{scheme}://{HOST}"
    assert without_passwords(f"at {address}: no") == f"at {scheme}://…@{HOST}: no"


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("scheme", ["ssh", "SSH", "git+ssh"])
def test_ssh_address_keeps_its_user(scheme: str, password: str) -> None:
    address = f"{scheme}://deploy:{password}@{HOST}"
    assert has_password(address)
    assert without_password(address) == f"{scheme}://deploy@{HOST}"
    assert without_passwords(address) == f"{scheme}://…@{HOST}"


@pytest.mark.parametrize(
    ("address", "without", "shown"),
    [
        (f"https://ghp_token@{HOST}", f"https://{HOST}", f"https://…@{HOST}"),
        (f"https://git:token@{HOST}", f"https://{HOST}", f"https://…@{HOST}"),
        (f"https://:token@{HOST}", f"https://{HOST}", f"https://…@{HOST}"),
        (
            "https://u:p@[2001:db8::1]:8443/x",
            "https://[2001:db8::1]:8443/x",
            "https://…@[2001:db8::1]:8443/x",
        ),
        ("https://u:p@host:8443/x", "https://host:8443/x", "https://…@host:8443/x"),
        ("https://u:p@host", "https://host", "https://…@host"),
    ],
)
def test_login_is_removed(address: str, without: str, shown: str) -> None:
    assert has_password(address)
    assert without_password(address) == without
    assert without_passwords(address) == shown


@pytest.mark.parametrize(
    "address",
    [
        f"https://{HOST}",
        f"https://{HOST}@release/1.0",
        "https://[2001:db8::1]:8443/x@y",
        "https://host:8443/@scope/package",
        f"ssh://git@{HOST}",
        f"git+ssh://git@{HOST}@v1.0",
        "git@git.example.org:shop/site.git",
        "host.example.org:shop/site.git",
        "/srv/a@b:c/site.git",
        "../site.git",
        "file:///srv/a:b@c/site.git",
        "",
    ],
)
def test_address_without_password_stays(address: str) -> None:
    assert not has_password(address)
    assert without_password(address) == address
    assert without_passwords(address) == address


@pytest.mark.parametrize(
    "address", ["user:s3cret@git.example.org/site.git", "user:s3/cret@git.example.org:site.git"]
)
def test_password_without_scheme_is_found(address: str) -> None:
    assert has_password(address)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"https://u:p@a.example/x https://v:q@{HOST}", f"https://…@a.example/x https://…@{HOST}"),
        (f"https://u:p@a.example/x,https://v:q@{HOST}", f"https://…@a.example/x,https://…@{HOST}"),
        (
            "https://a.example/r?to=https://v:q@b.example/",
            "https://a.example/r?to=https://…@b.example/",
        ),
        ("proxy //u:p@a.example:3128", "proxy //…@a.example:3128"),
        ("('https://u:p@a.example')", "('https://…@a.example')"),
        ("https://u:p@ss/word@a.example.org/x", "https://…@a.example.org/x"),
        ("1 // 2, mail to me@example.org", "1 // 2, mail to me@example.org"),
        ("https://a.example/x, ask me@example.org", "https://a.example/x, ask me@example.org"),
    ],
)
def test_every_password_of_a_text_is_hidden(text: str, shown: str) -> None:
    assert without_passwords(text) == shown
