"""TLS as the README of a generated project gives it: ended by Apache, before the site."""

import re
import shutil
import ssl
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support import apache
from tests.support.site import Site, give_away

pytestmark = pytest.mark.needs(apache.APACHE, "openssl")

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def root(server_root: Path) -> Path:
    directory = server_root / "secure"
    directory.mkdir()
    return directory


@pytest.fixture(scope="module")
def secure_site(root: Path, site: Site) -> Site:
    """A copy of the site, its .env as the README says; one user, alice, may sign in."""
    directory = root / "first_site"
    shutil.copytree(site.directory, directory, symlinks=True)
    configuration = directory / "apache" / "production.conf"
    configuration.write_text(configuration.read_text().replace(str(root.parent), str(root)))
    with (directory / ".env").open("a") as env:
        env.write("TLS_PROXY=true\nSECURE_SSL_REDIRECT=true\n")
    give_away(directory)
    copy = Site(directory=directory, domain=site.domain)
    copy.manage(
        "shell",
        "-c",
        "from accounts.models import User\n"
        f"User.objects.create_superuser('alice', '', {PASSWORD!r})",
    )
    return copy


@pytest.fixture(scope="module")
def certificate(root: Path, secure_site: Site) -> Path:
    """A certificate for the domain that nobody but itself vouches for; the key is in it, too."""
    path = root / "certificate.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "1",
            "-keyout",
            path,
            "-out",
            root / "alone.pem",
            "-subj",
            f"/CN={secure_site.domain}",
            "-addext",
            f"subjectAltName=DNS:{secure_site.domain}",
        ],
        check=True,
        capture_output=True,
    )
    with path.open("a") as both:
        both.write((root / "alone.pem").read_text())
    return path


@pytest.fixture(scope="module")
def tls(certificate: Path) -> ssl.SSLContext:
    """A browser that trusts that certificate and no other."""
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture(scope="module")
def served(root: Path, secure_site: Site, certificate: Path) -> Iterator[apache.Apache]:
    """The site, and the README's <VirtualHost> in a file beside it."""
    readme = (secure_site.directory / "README.md").read_text()
    given = textwrap.dedent(
        re.search(
            r"^    <VirtualHost \*:443>.*?^    </VirtualHost>$", readme, re.DOTALL | re.MULTILINE
        )[0]
    )
    filled = re.sub(r"(SSLCertificate(Key)?File) …", rf"\1 {certificate}", given)
    address = apache.loopback()
    assert (filled.count(str(certificate)), filled.count("127.0.0.1")) == (2, 1)
    beside = root / "tls.conf"
    beside.write_text(filled.replace("127.0.0.1", address))
    (root / "apache").mkdir()
    with apache.serve(
        root / "apache",
        secure_site.configuration,
        beside,
        modules=[*apache.ENABLED, *apache.TLS],
        address=address,
    ) as server:
        yield server


def test_pages_and_styles_come_by_https_for_a_year(
    served: apache.Apache, secure_site: Site, tls: ssl.SSLContext
) -> None:
    page = served.get("/", host=secure_site.domain, tls=tls)
    assert page.status == 200
    assert "<h1>Fünf &amp; &quot;Söhne&quot;</h1>" in page.text
    assert page.headers["Strict-Transport-Security"] == "max-age=3600"
    style = re.search(r'rel="stylesheet" href="([^"]+)"', page.text)[1]
    assert served.get(style, host=secure_site.domain, tls=tls).headers["Content-Type"] == "text/css"
    assert served.get("/missing", host=secure_site.domain, tls=tls).status == 404
    assert served.get("/.env", host=secure_site.domain, tls=tls).status == 404


def test_signing_in_works_by_https(
    served: apache.Apache, secure_site: Site, tls: ssl.SSLContext
) -> None:
    login = "/admin/login/?next=/admin/"
    form = served.get(login, host=secure_site.domain, tls=tls)
    assert "Secure" in form.headers["Set-Cookie"]
    answer = served.ask(
        "POST",
        login,
        host=secure_site.domain,
        tls=tls,
        Cookie=form.headers["Set-Cookie"],
        body=urlencode(
            {
                "csrfmiddlewaretoken": re.search(r'csrfmiddlewaretoken" value="(\w+)"', form.text)[
                    1
                ],
                "username": "alice",
                "password": PASSWORD,
            }
        ),
        Content_Type="application/x-www-form-urlencoded",
        Origin=f"https://{secure_site.domain}",
        Referer=f"https://{secure_site.domain}{login}",
    )
    assert (answer.status, answer.headers["Location"]) == (302, "/admin/")
    cookies = {each.partition("=")[0]: each for each in answer.headers.get_all("Set-Cookie")}
    assert "Secure" in cookies["sessionid"]
    front = served.get("/admin/", host=secure_site.domain, tls=tls, Cookie=cookies["sessionid"])
    assert front.status == 200
    assert "alice" in front.text


def test_http_leads_to_https_but_for_monitoring(served: apache.Apache, secure_site: Site) -> None:
    answer = served.get("/admin/?x=1", host=secure_site.domain)
    assert (answer.status, answer.headers["Location"]) == (
        301,
        f"https://{secure_site.domain}/admin/?x=1",
    )
    assert served.get("/healthz", host="localhost").status == 200
