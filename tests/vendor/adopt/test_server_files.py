"""apache/ and deploy/ name the parts of the adopted project, whatever its layout is."""

import subprocess
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bootstrapper.errors import InputError
from tests.conftest import REPOSITORY
from tests.support.rendering import render as render_template
from tests.vendor.adopt.layouts import FLAT, SMALL, SOURCE, make
from vendor_fetch.adopt.rendering import renderer
from vendor_fetch.adopt.server_files import server_files
from vendor_fetch.adopt.site import answer_questions


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The directory of a project under git, with a remote repository."""
    root = tmp_path / "old-site"
    subprocess.run(["git", "init", "-q", "-b", "trunk", root], check=True)
    address = "https://token:secret@git.example.org/old.git"
    subprocess.run(["git", "-C", root, "remote", "add", "origin", address], check=True)
    return root


def files_of(root: Path, **given: str) -> dict[str, str]:
    """The new files of a project by path, as texts."""
    project, answers = answer_questions(root, given, None, print)
    edits, _ = server_files(project, answers, renderer(REPOSITORY))
    return {str(path): edit.content.decode() for path, edit in edits.items()}


def settings_of(files: dict[str, str]) -> dict[str, Any]:
    """All settings of the deployment."""
    content = tomllib.loads(files["deploy/deployments.toml"])
    return {**content["settings"], **content["deployments"]["production"]["settings"]}


def stages_of(files: dict[str, str]) -> list[str]:
    content = tomllib.loads(files["deploy/deployments.toml"])
    stages: list[str] = content["deployments"]["production"]["stages"]
    return stages


def test_flat_project_of_django_1(root: Path) -> None:
    files = files_of(make(root, FLAT), domain="old.example")
    settings = settings_of(files)
    assert settings["DJANGO_SETTINGS_MODULE"] == "settings"
    assert settings["REPOSITORY"] == "https://git.example.org/old.git"
    assert settings["SHARED_PATHS"] == ".env shop.db local_settings.py"
    assert "MANAGE_DIRECTORY" not in settings
    assert "unit-tests" not in stages_of(files)
    conf = files["apache/production.conf"]
    assert "Alias /media/ /srv/uploads/\n" in conf
    assert '<DirectoryMatch "^/srv/uploads(/|$)">' in conf
    assert "static" not in conf.partition("UnDefine")[0].partition("Alias /media/")[2].replace(
        "static files", ""
    ).replace("staticfiles\\.json", "")
    wsgi = files["apache/django.wsgi"]
    assert "    application = get_wsgi_application()\n" in wsgi
    assert 'setdefault("DJANGO_SETTINGS_MODULE", "settings")' in wsgi


def test_project_with_a_source_directory(root: Path) -> None:
    files = files_of(make(root, SOURCE))
    settings = settings_of(files)
    assert (
        settings
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings.prod",
            "MANAGE_DIRECTORY": "src",
            "STATIC_DIRECTORY": "src/staticfiles",
            "SHARED_PATHS": ".env src/data/",
            "ENV_FILE": ".env",
            "TEST_SETTINGS_MODULE": "config.settings.test",
            "TEST_ENV_FILE": ".env.example",
            "SMOKE_STATUS": "200 301",
            "REMOTE_DIRECTORY": "/var/www/old_site",
        }
        == settings
    )
    assert "unit-tests" in stages_of(files)
    conf = files["apache/production.conf"]
    assert "Alias /static/ ${old_site_production_root}/src/staticfiles/\n" in conf
    assert (
        '<DirectoryMatch "^${old_site_production_root}/(src/staticfiles|src/data/media)(/|$)">'
        in conf
    )
    assert "robots.txt" not in conf
    wsgi = files["apache/django.wsgi"]
    assert '[*paths[:packages], RELEASE + "/src", *paths' in wsgi
    assert "    from config.wsgi import site as application  # noqa: F401\n" in wsgi
    compile(wsgi, "django.wsgi", "exec")


def test_small_project_without_a_wsgi_module(root: Path) -> None:
    files = files_of(make(root, SMALL))
    settings = settings_of(files)
    assert settings["SHARED_PATHS"] == ".env db.sqlite3"
    assert "STATIC_DIRECTORY" not in settings
    assert "unit-tests" not in stages_of(files)
    conf = files["apache/production.conf"]
    assert "/media" not in conf
    assert "ServerName example.org\n" in conf


def test_values_of_the_command_line_win(root: Path) -> None:
    make(root, SOURCE)
    files = files_of(
        root,
        settings="config.settings.dev",
        wsgi="",
        static_root="public.files/static",
        shared_paths="data/",
        repository="",
        name="other",
        server_root="/srv/www",
    )
    settings = settings_of(files)
    assert settings["DJANGO_SETTINGS_MODULE"] == "config.settings.dev"
    assert "ENV_FILE" not in settings
    assert "SMOKE_STATUS" not in settings  # dev does not redirect
    assert settings["REMOTE_DIRECTORY"] == "/srv/www/other"
    assert "(public\\.files/static|" in files["apache/production.conf"]
    assert "get_wsgi_application()" in files["apache/django.wsgi"]


def test_apache_files_are_those_of_the_template(root: Path, tmp_path: Path) -> None:
    """There is one source: what differs is the part of the template's own layout."""
    make(root, SMALL)
    files = files_of(
        root, name="my_site", domain="my.example", media_root="media", media_url="/media/"
    )
    generated = render_template(tmp_path / "generated", project_name="my_site", domain="my.example")
    assert (
        files["apache/reload"].replace("django.wsgi)", "daemon.py)", 1)
        == (generated / "apache/reload").read_text()
    )
    ours = files["apache/production.conf"].replace(
        "deploy/deployments.toml", 'README.md, "Production"'
    )
    theirs = (generated / "apache/production.conf").read_text().splitlines()
    removed = [line for line in theirs if line not in ours.splitlines()]
    assert [line.split()[1] for line in removed] == ["/robots.txt", "/favicon.ico"]
    assert set(ours.splitlines()) <= set(theirs)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("domain", "https://www.example.org", "must be a host name"),
        ("server_root", "www", "must be an absolute path"),
        ("deploy_user", "Anna", "must be a Unix login"),
        ("email", "anna", "must be one e-mail address"),
        ("name", "my-site", "must begin with a letter"),
        ("repository", "https://anna:secret@git.example.org/x.git", "must have no password"),
        ("branch", "-x", "must be the name of a branch"),
        ("remote_host", "-oProxyCommand=x", "must be a server"),
        ("settings", "config.settings.nowhere", "must be a settings module"),
        ("wsgi", "nowhere.wsgi", "there is no module nowhere.wsgi"),
        ("static_root", "src", "has code in it"),
        ("media_root", "../uploads", "must be a directory in the project"),
        ("media_root", ".", "must be a directory in the project"),
        ("static_url", "static", "must be a path"),
        ("shared_paths", "/etc", "must be paths in the project"),
        ("colour", "red", "there is no such name"),
    ],
)
def test_faulty_answer_is_refused(name: str, value: str, fault: str, root: Path) -> None:
    make(root, SOURCE)
    with pytest.raises(InputError) as error:
        files_of(root, **{name: value})
    assert fault in str(error.value)
    assert "secret" not in str(error.value.next_step)


def test_questions_are_asked_until_the_answer_is_right(root: Path) -> None:
    make(root, SOURCE)
    typed = {"Host name of the site": ["http://x", "www.example.org"]}
    printed: list[str] = []
    _, answers = answer_questions(
        root, {}, lambda text, default: typed.get(text, [""]).pop(0), printed.append
    )
    assert answers["domain"].value == "www.example.org"
    assert answers["email"].value == "webmaster@www.example.org"
    assert "must be a host name" in printed[0]


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_existing_files_are_kept(kind: str, root: Path, tmp_path: Path) -> None:
    make(root, SMALL)
    if kind == "file":
        (root / "deploy").write_text("#!/bin/sh\n")
        expected = ["kept: deploy is there"]
    elif kind == "directory":
        make(root, {"apache/django.wsgi": "old"})
        expected = ["kept: apache/django.wsgi is there"]
    else:
        (tmp_path / "elsewhere").mkdir()
        (root / "apache").symlink_to(tmp_path / "elsewhere")
        expected = ["kept: apache is there"] * 3
    project, answers = answer_questions(root, {}, None, print)
    edits, kept = server_files(project, answers, renderer(REPOSITORY))
    assert kept == expected
    assert len(edits) == 4 - len(expected)
    assert edits.get(PurePosixPath("apache/reload")) is None or kind != "link"


def test_directories_of_manage_py_are_those_of_apache(root: Path) -> None:
    """mod_wsgi finds the modules that manage.py puts on its path."""
    make(root, SOURCE, **{"src/apps/pages/__init__.py": ""})
    with (root / "src/manage.py").open("a") as file:
        file.write("sys.path.append(os.path.join(os.path.dirname(__file__), 'apps'))\n")
    wsgi = files_of(root)["apache/django.wsgi"]
    assert '[*paths[:packages], RELEASE + "/src", RELEASE + "/src/apps", *paths' in wsgi
    manage = "import settings\nsys.path.insert(0, 'apps')\n"
    make(root, {"manage.py": manage, "settings.py": "", "apps/a.py": ""})
    assert ':packages], RELEASE, RELEASE + "/apps", *' in files_of(root)["apache/django.wsgi"]


def test_relative_paths_are_those_of_manage_py(root: Path) -> None:
    """./manage.py runs in its directory, so that the site does, too."""
    conf = files_of(make(root, SOURCE))["apache/production.conf"]
    assert "home=${old_site_production_root}/src python-home=" in conf
    conf = files_of(make(root, SMALL))["apache/production.conf"]
    assert "home=${old_site_production_root} python-home=" in conf


def test_project_in_a_directory_of_a_repository(root: Path) -> None:
    make(root / "sites/api", SMALL)
    files = files_of(root / "sites/api")
    assert settings_of(files)["RELEASE_SOURCE"] == "sites/api"
    assert "RELEASE_SOURCE" not in settings_of(files_of(make(root, SMALL)))


def test_name_of_the_secret_key_is_the_one_that_is_read(root: Path) -> None:
    make(root, SMALL)
    with (root / "site_/settings.py").open("a") as file:
        file.write("import os\nSECRET_KEY = os.environ['DJANGO_SECRET_KEY']\n")
    text = files_of(root)["deploy/deployments.toml"]
    assert 'print("DJANGO_SECRET_KEY=" + secrets' in text


def test_database_in_media_root_is_not_served(root: Path) -> None:
    make(root, SMALL)
    with (root / "site_/settings.py").open("a") as file:
        file.write('MEDIA_URL = "/media/"\nMEDIA_ROOT = BASE_DIR / "data"\n')
    assert "Alias /media/" in files_of(root)["apache/production.conf"]
    with (root / "site_/settings.py").open("a") as file:
        file.write('DATABASES = {"default": {"ENGINE": "sqlite3", "NAME": MEDIA_ROOT / "a.db"}}\n')
    assert "Alias /media/" not in files_of(root)["apache/production.conf"]


@pytest.mark.parametrize(
    "line",
    [
        'STATIC_URL = f"https://{BUCKET}.example.org/static/"',
        'STATIC_URL = "//%s/static/" % BUCKET',
    ],
)
def test_static_files_elsewhere_are_not_served(line: str, root: Path) -> None:
    make(root, SMALL)
    with (root / "site_/settings.py").open("a") as file:
        file.write(f"{line}\n")
    assert "Alias /static/" not in files_of(root)["apache/production.conf"]


def test_files_of_the_same_host_are_served(root: Path) -> None:
    make(root, SMALL)
    with (root / "site_/settings.py").open("a") as file:
        file.write('MEDIA_ROOT = "media"\nMEDIA_URL = "//Example.org/media/"\n')
    assert "Alias /media/" in files_of(root)["apache/production.conf"]
    assert "Alias /media/" not in files_of(root, domain="b.example")["apache/production.conf"]
