"""A generated project, served by Debian's Apache from the configuration that came with it."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.support import apache
from tests.support.rendering import render
from tests.support.site import DEBIAN_PYTHON, USER, Site, give_away
from vendor_fetch.index.index import configured_index

pytestmark = pytest.mark.needs(apache.APACHE)


@pytest.fixture(scope="module")
def old_site(server_root: Path) -> Site:
    """A project that stayed with Django 4.2, in a ve of its own."""
    directory = render(
        server_root,
        project_slug="old_site",
        domain="old.example",
        database="sqlite",
        server_root=str(server_root),
        deploy_user=USER,
    )
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "-p", DEBIAN_PYTHON, str(directory / "ve")], check=True)
    wanted = ["Django>=4.2,<4.3", "argon2-cffi", "django-csp>=4,<5", "django-environ", "whitenoise"]
    python = str(directory / "ve" / "bin" / "python")
    environment = {**os.environ, **configured_index(directory).environment}
    subprocess.run(
        [*uv, "pip", "install", "-q", "-p", python, *wanted], check=True, env=environment
    )
    (directory / ".env").write_text(
        f"SECRET_KEY={'abcdefghij' * 6}\nDATABASE_URL=sqlite:///{directory}/data/db.sqlite3\n"
    )
    return Site(directory=directory, domain="old.example").install()


@pytest.fixture(scope="module")
def served(server_root: Path, site: Site) -> Iterator[apache.Apache]:
    """The project, served."""
    directory = server_root / "apache"
    directory.mkdir()
    with apache.serve(directory, site.configuration) as server:
        yield server


def stylesheet(page: str) -> str:
    """Return the address of a page's first style sheet."""
    return page.partition('rel="stylesheet"')[2].partition('href="')[2].partition('"')[0]


def test_apache_finds_no_fault_in_the_configurations(server_root, site):
    staging = site.directory / "apache" / "staging.conf"
    assert apache.check(server_root, [site.configuration, staging]) == "Syntax OK"


def test_apache_finds_no_fault_where_only_mod_wsgi_was_enabled(server_root, site):
    assert apache.check(server_root, [site.configuration], apache.BARE) == "Syntax OK"


def test_the_front_page_is_served_with_its_policy(served, site):
    answer = served.get("/", host=site.domain)
    assert answer.status == 200
    assert "<h1>Fünf &amp; &quot;Söhne&quot;</h1>" in answer.text
    assert "What to do next" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/admin/login/"])
def test_styles_come_from_apache_packed_and_for_ever(served, site, path):
    address = stylesheet(served.get(path, host=site.domain).text)
    answer = served.get(address, host=site.domain, Accept_Encoding="gzip")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/css"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "{" in answer.text
    control = answer.headers["Cache-Control"]
    assert "max-age=31536000" in control
    assert "immutable" in control
    assert answer.headers["Expires"]
    # Django would have answered with its policy.
    assert "Content-Security-Policy" not in answer.headers


def test_an_upload_is_served_packed_for_minutes_and_never_as_a_script(served, site):
    answer = served.get("/media/notes.txt", host=site.domain, Accept_Encoding="gzip")
    assert answer.status == 200
    assert answer.text.startswith("what a visitor uploaded")
    assert answer.headers["Cache-Control"] == "max-age=300"
    page = served.get("/media/page.html", host=site.domain)
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert served.get("/media/evil.py", host=site.domain).body == b"raise SystemExit"


def test_only_names_with_a_hash_are_kept_for_ever(served, site):
    (site.directory / "media" / "a.0123456789ab.js").write_text("// an upload")
    for path in ("/static/main/site.css", "/static/main/favicon.svg", "/media/a.0123456789ab.js"):
        answer = served.get(path, host=site.domain)
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "max-age=300"), path


def test_javascript_modules_import_one_another_by_hashed_names(served, site):
    """A browser that has the old module for a year never asks for the new one by the same name."""
    source = site.directory / "main" / "static" / "main"
    (source / "page.js").write_text('import {tell} from "./deep/tell.js";\ntell();\n')
    (source / "deep").mkdir()
    tell = 'import {tell} from "../words.js";\n// import x from "./nowhere";\nexport {tell};\n'
    (source / "deep/tell.js").write_text(tell)
    names = []
    for words in ("one", "two"):
        (source / "words.js").write_text(f'export const tell = () => "{words}";\n')
        give_away(source)
        site.manage("collectstatic", "--noinput", "--verbosity", "0")
        manifest = json.loads((site.directory / "static/staticfiles.json").read_text())
        address, graph = f"/static/{manifest['paths']['main/page.js']}", []
        while address:
            answer = served.get(address, host=site.domain)
            assert (answer.status, "immutable" in answer.headers["Cache-Control"]) == (200, True)
            assert re.search(r"\.[0-9a-f]{12}\.js$", address), address
            graph += [address]
            imported = re.search(r'from "(.*?)"', answer.text)
            address = urljoin(address, imported[1]) if imported else ""
        assert f'"{words}"' in answer.text
        names.append(graph)
    assert len(names[0]) == len(names[1]) == 3
    assert not {*names[0]} & {*names[1]}


def test_a_pdf_is_not_put_into_a_sandbox(served, site):
    (site.directory / "media" / "paper.pdf").write_bytes(b"%PDF-1.7")
    answer = served.get("/media/paper.pdf", host=site.domain)
    assert answer.status == 200
    assert "Content-Security-Policy" not in answer.headers


@pytest.mark.parametrize(("path", "kind"), [("/robots.txt", "text/"), ("/favicon.ico", "image/")])
def test_what_browsers_and_robots_ask_for_comes_from_apache(served, site, path, kind):
    answer = served.get(path, host=site.domain)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Cache-Control"] == "max-age=300"


def test_a_missing_page_is_the_projects_own_404(served, site):
    answer = served.get("/missing", host=site.domain)
    assert answer.status == 404
    assert "There is no such page" in answer.text


def test_a_wrong_host_name_is_the_projects_own_400(served):
    answer = served.get("/", host="elsewhere.example")
    assert answer.status == 400
    assert "The request was not understood" in answer.text


def test_healthz_answers_monitoring_over_loopback(served):
    answer = served.get("/healthz", host="localhost")
    assert answer.status == 200
    assert '"status": "ok"' in answer.text


def test_the_smoke_tests_pass(served, site):
    assert site.manage("smoketest", f"http://{served.address}").count("ok  ") == 3


SECRETS = [
    "requirements/apps.in",
    ".env",
    ".git/config",
    "manage.py",
    "apache/django.wsgi",
    "apache/production.conf",
    "data/db.sqlite3",
    "first_site/settings/production.py",
    "ve/pyvenv.cfg",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "way",
    ["/", "/static/../", "/static/%2e%2e/", "/static/..%2f", "/media/../", "/media/.%2e/", "//",
     "/static/main/../../", "/media//../", "/static../", "/media../"],
)  # fmt: skip
def test_nothing_else_of_the_project_can_be_read(served, site, way, secret):
    answer = served.get(way + secret, host=site.domain)
    # 404 where Django is asked and knows no such page, 400 where the path itself is refused.
    assert answer.status in {400, 403, 404}
    assert (site.directory / secret).read_bytes()[:40] not in answer.body


def test_the_aliases_of_the_whole_server_do_not_shine_through(served, site):
    assert Path("/usr/share/apache2/icons/folder.gif").is_file()
    answer = served.get("/icons/folder.gif", host=site.domain)
    assert answer.status == 404
    assert "There is no such page" in answer.text


@pytest.mark.parametrize("path", ["/static/", "/media/", "/media/.gitkeep", "/static/main/"])
def test_directories_and_hidden_files_are_not_shown(served, site, path):
    assert served.get(path, host=site.domain).status in {403, 404}


def test_touching_the_wsgi_file_reloads_without_a_stall(served, site):
    """A process that doesn't end by itself is aborted after seconds in which visitors wait."""
    settings = site.directory / "first_site" / "settings" / "base.py"
    old = settings.read_text()
    answers: list[apache.Answer] = []
    logged = len(served.log.read_text())
    stop = threading.Event()

    def visit() -> None:
        while not stop.is_set():
            answers.append(served.get("/", host=site.domain))
            time.sleep(0.01)

    visitors = [threading.Thread(target=visit, daemon=True) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    try:
        apache.both_processes(f"{site.directory.name}-production")
        # A process reads the settings at its first request, which takes seconds on a busy machine.
        while not answers:
            time.sleep(0.05)
        settings.write_text(old.replace("PROJECT_DESCRIPTION = ", "PROJECT_DESCRIPTION = 'new, '"))
        (site.directory / "apache" / "django.wsgi").touch()
        # Both processes must have changed over: a new one shows the new text.
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and (
            len(answers) < 40 or any("new, " not in answer.text for answer in answers[-40:])
        ):
            time.sleep(0.05)
    finally:
        stop.set()
        for visitor in visitors:
            visitor.join()
        settings.write_text(old)
        (site.directory / "apache" / "django.wsgi").touch()
    assert {answer.status for answer in answers} == {200}
    assert "new, " not in answers[0].text
    assert all("new, " in answer.text for answer in answers[-20:])
    log = served.log.read_text()[logged:]
    assert "Shutdown requested" in log
    assert "Aborting process" not in log


def test_two_projects_of_two_djangos_live_in_one_apache(server_root, site, old_site):
    for each in (site, old_site):
        urls = each.directory / each.directory.name / "urls.py"
        urls.write_text(
            urls.read_text() + "\n\nimport django\nfrom django.http import HttpResponse\n"
            "urlpatterns += [path('django', lambda request: HttpResponse(django.__version__))]\n"
        )
    directory = server_root / "two"
    directory.mkdir()
    with apache.serve(directory, site.configuration, old_site.configuration) as server:
        assert server.get("/django", host=site.domain).text.startswith("5.2.")
        assert server.get("/django", host=old_site.domain).text.startswith("4.2.")
        for each in (site, old_site):
            address = stylesheet(server.get("/admin/login/", host=each.domain).text)
            assert server.get(address, host=each.domain).status == 200


def test_staging_is_another_site_that_search_engines_leave_alone(server_root, site):
    directory = server_root / "first_site-staging"
    shutil.copytree(site.directory, directory, symlinks=True)
    staging = Site(directory=directory, domain="staging.first.example", place="staging").install()
    (server_root / "both").mkdir()
    with apache.serve(server_root / "both", site.configuration, staging.configuration) as server:
        answer = server.get("/", host=staging.domain)
        assert answer.status == 200
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "X-Robots-Tag" not in server.get("/", host=site.domain).headers


def test_releases_are_followed_where_there_are_any(server_root, site):
    root = server_root / "released"
    release = root / "first_site" / "releases" / "1"
    shutil.copytree(site.directory, release, symlinks=True)
    for path in (release / "apache").glob("*.conf"):
        path.write_text(path.read_text().replace(str(server_root), str(root)))
    give_away(release)
    current = root / "first_site" / "current"
    current.symlink_to("releases/1")
    (root / "apache").mkdir()
    with apache.serve(root / "apache", current / "apache" / "production.conf") as server:
        page = server.get("/", host=site.domain)
        assert page.status == 200
        assert server.get(stylesheet(page.text), host=site.domain).status == 200
        assert server.get("/first_site/releases/1/.env", host=site.domain).status == 404
