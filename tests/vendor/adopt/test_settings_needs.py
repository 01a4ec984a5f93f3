"""What the deployment needs of the settings is listed with the line, and only if it is missing."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.vendor.adopt.layouts import FLAT, SMALL, SOURCE, make
from vendor_fetch.adopt.need import Need
from vendor_fetch.adopt.settings_needs import settings_needs
from vendor_fetch.adopt.site import answer_questions


def needs_of(root: Path, **given: str) -> dict[str, tuple[str, ...]]:
    """The lines to add, by the first word of the reason."""
    return {
        need.why.removeprefix("unless it says so already, ").split()[0]: need.lines
        for need in all_needs(root, **given)
        if need.file != "shared/.env"
    }


def all_needs(root: Path, **given: str) -> list[Need]:
    project, answers = answer_questions(root, given, None, print)
    return list(settings_needs(project, answers))


def variables_of(root: Path, **given: str) -> list[str]:
    """The lines for shared/.env, without the command that creates it."""
    found = [need for need in all_needs(root, **given) if need.file == "shared/.env"]
    return [line for need in found for line in need.lines if "install -D" not in line]


def test_old_settings_need_lines(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)  # it ignores local_settings.py
    name = "old_site"
    found = needs_of(make(tmp_path, FLAT), name=name, domain="old.example", static_url="/static/")
    assert found == {
        "STATIC_ROOT": ('STATIC_ROOT = os.path.join(PROJECT_DIR, "static")',),
        "MEDIA_ROOT": ('MEDIA_ROOT = os.path.join(PROJECT_DIR, "media")',),
        # The settings import local_settings.py, which the server has its own of.
        "ALLOWED_HOSTS": ('ALLOWED_HOSTS = ["old.example", "localhost"]',),
        "DEBUG": ("DEBUG = False",),
        "SECRET_KEY": (
            "python3 -c 'import secrets; print(\"SECRET_KEY=\" + repr(secrets.token_urlsafe(50)))'",
        ),
        "the": (
            "ssh www-data@SERVER install -D -m 600 /dev/stdin "
            f"/var/www/{name}/shared/local_settings.py <local_settings.py",
        ),
        "there": (),
    }


def test_settings_for_deployment_need_nothing(tmp_path: Path) -> None:
    assert needs_of(make(tmp_path, SOURCE)) == {}


def test_lines_work_in_the_settings(tmp_path: Path) -> None:
    """The line for STATIC_ROOT is for the directory that Apache serves."""
    make(tmp_path, SMALL)
    settings = tmp_path / "site_/settings.py"
    lines = needs_of(tmp_path)["STATIC_ROOT"]
    assert lines == ('STATIC_ROOT = BASE_DIR / "static"',)
    settings.write_text(settings.read_text() + "\n".join(lines))
    assert "STATIC_ROOT" not in needs_of(tmp_path)
    without = settings.read_text().replace("BASE_DIR", "HERE").replace("import Path", "import x")
    settings.write_text(without.replace("STATIC_ROOT", "OTHER"))
    lines = needs_of(tmp_path)["STATIC_ROOT"]
    names: dict[str, object] = {"__file__": str(settings)}
    exec("\n".join(lines), names)
    assert names["STATIC_ROOT"] == tmp_path / "static"


@pytest.mark.parametrize(
    "line",
    [
        'ALLOWED_HOSTS = ["*"]',
        'ALLOWED_HOSTS = ["www.old.example"]',
        'ALLOWED_HOSTS = [".old.example"]',
        'ALLOWED_HOSTS = os.environ["HOSTS"].split()',
        'ALLOWED_HOSTS: list[str] = env.list("HOSTS")',
        'ALLOWED_HOSTS = config("HOSTS", cast=Csv())',
    ],
)
def test_allowed_hosts_are_recognised(line: str, tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write(f"{line}\n")
    assert "ALLOWED_HOSTS" not in needs_of(tmp_path, domain="www.old.example")
    (tmp_path / "site_/settings.py").write_text("")
    assert "ALLOWED_HOSTS" in needs_of(tmp_path, domain="www.old.example")


@pytest.mark.parametrize(
    ("lines", "is_needed"),
    [
        ("DEBUG = True", True),
        ("DEBUG = False", False),
        ("DEBUG = True\ntry:\n    DEBUG = env('X')\nexcept KeyError:\n    pass", False),
        ("DEBUG = True\nif 'PROD' in os.environ:\n    DEBUG = False", False),
        ("if 'DEV' in os.environ:\n    DEBUG = True", False),
    ],
)
def test_debug_is_found_if_it_is_certain(lines: str, is_needed: bool, tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    (tmp_path / "site_/settings.py").write_text(lines)
    assert ("DEBUG" in needs_of(tmp_path)) == is_needed


def test_static_root_that_only_the_server_knows_is_named(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write('STATIC_ROOT = os.environ["STATIC_ROOT"]\nMEDIA_ROOT = "/srv/media"\n')
    found = needs_of(tmp_path)
    assert found["STATIC_ROOT"] == ('STATIC_ROOT = BASE_DIR / "static"',)
    assert found["MEDIA_ROOT"] == ('MEDIA_ROOT = BASE_DIR / "media"',)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("DEBUG = config('D', default=True, cast=bool)", ["D=False"]),
        ("DEBUG = env.bool('D', True)", ["D=False"]),
        ("DEBUG = env.bool('D', False)", []),
        ("env = environ.Env(D=(bool, True))\nDEBUG = env('D')", ["D=False"]),
        ("DEBUG = os.environ.get('D', 'True') == 'True'", ["D=False"]),
        ("DEBUG = os.environ.get('D', 'True') != 'no'", ["D=no"]),
        ("DEBUG = bool(int(os.getenv('D', 1)))", ["D=0"]),
        ("DEBUG = bool(os.environ.get('D', True))", ["D="]),
        ("DEBUG = os.environ.get('D', 'off') == 'on'", []),
        ("DEBUG = os.environ.get('D', 'True').lower() in ('true', '1')", ["D=False"]),
        ("DEBUG = os.environ.get('D', 'dev') != 'production'", ["D=production"]),
        ("DEBUG = os.environ.get('D') != 'False'", ["D=False"]),
        ("DEBUG = os.environ.get('D', 'dev') == 'dev'", ["D=production"]),
        ("DEBUG = not os.environ.get('D')", ["D=True"]),
        ("DEBUG = os.environ.get('D', 'False') != 'False'", []),
    ],
)
def test_debug_of_the_environment_is_off(lines: str, expected: list[str], tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write(f"{lines}\nSECRET_KEY = os.environ['K']\n")
    assert variables_of(tmp_path) == expected
    if expected and "environ" not in lines.partition("=")[0] and "os." in lines:
        expression = lines.partition("DEBUG = ")[2]
        code = f"import os\nos.environ.pop('D', None)\nassert {expression}\n"
        name, _, value = expected[0].partition("=")
        code += f"os.environ[{name!r}] = {value!r}\nassert not ({expression})\n"
        subprocess.run([sys.executable, "-c", code], check=True)


def test_default_key_of_git_is_replaced(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write("SECRET_KEY = os.environ.get('SITE_KEY', 'insecure')\n")
    [line] = variables_of(tmp_path)
    printed = subprocess.run(line, shell=True, check=True, capture_output=True, text=True).stdout
    assert re.fullmatch(r"SITE_KEY='[\w-]{60,}'\n", printed)


def test_hosts_of_the_environment_are_named(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    settings = tmp_path / "site_/settings.py"
    with settings.open("a") as file:
        file.write("ALLOWED_HOSTS = config('HOSTS', default='localhost,b.example', cast=Csv())\n")
    assert variables_of(tmp_path, domain="a.example") == ["HOSTS=a.example"]
    assert variables_of(tmp_path, domain="b.example") == []


def test_hosts_that_are_json_are_so(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write("ALLOWED_HOSTS = json.loads(os.getenv('HOSTS'))\n")
    assert variables_of(tmp_path, domain="a.example") == ["HOSTS='[\"a.example\"]'"]


def test_key_that_lines_read_is_in_the_environment(tmp_path: Path) -> None:
    """The note on shared/.env does not say that it may be empty."""
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write("SECRET_KEY = 'x'\n")
    notes = [need.why for need in all_needs(tmp_path) if need.file == "shared/.env"]
    assert notes == ["the server needs it before the first push, with SECRET_KEY"]


def test_debug_is_replaced_where_others_use_it(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    (tmp_path / "site_/settings.py").write_text("DEBUG = True\nTEMPLATE_DEBUG = DEBUG\n")
    whys = [need.why for need in all_needs(tmp_path) if need.why.startswith("DEBUG")]
    assert whys == [
        "DEBUG is True (site_/settings.py:1): visitors would see tracebacks; in place of it:"
    ]


@pytest.mark.parametrize(("kind", "end"), [("[{}]", "]"), ("({},)", ",)")])
def test_missing_app_of_static_files_is_added(kind: str, end: str, tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    settings = tmp_path / "site_/settings.py"
    ours, theirs = kind.format("'shop'"), kind.format("'a'")
    text = f"OURS = {ours}\nINSTALLED_APPS = {theirs} + OURS\n"
    settings.write_text(text)
    [line] = needs_of(tmp_path)["INSTALLED_APPS"]
    assert line.endswith(end)
    names: dict[str, list[str]] = {}
    exec(text + line, names)  # type: ignore[arg-type]
    assert "django.contrib.staticfiles" in names["INSTALLED_APPS"]
    settings.write_text(text + line)
    assert "INSTALLED_APPS" not in needs_of(tmp_path)
    settings.write_text(f"{text}INSTALLED_APPS += get_apps()\n")  # only a run would know
    assert "INSTALLED_APPS" not in needs_of(tmp_path)


def test_remote_storage_needs_no_directory(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write('STORAGES = {"staticfiles": {"BACKEND": "storages.backends.s3.S3Storage"}}\n')
    assert "STATIC_ROOT" not in needs_of(tmp_path)


def test_static_root_is_no_source_of_files(tmp_path: Path) -> None:
    """Django refuses to collect files into a directory of STATICFILES_DIRS."""
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write('STATICFILES_DIRS = [BASE_DIR / "static"]\n')
    assert needs_of(tmp_path)["STATIC_ROOT"] == ('STATIC_ROOT = BASE_DIR / "staticfiles"',)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write('STATIC_ROOT = BASE_DIR / "static"\n')
    assert needs_of(tmp_path)["STATIC_ROOT"] == ('STATIC_ROOT = BASE_DIR / "staticfiles"',)


def test_static_root_in_a_shared_directory_is_named(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write('MEDIA_ROOT = BASE_DIR / "media"\nSTATIC_ROOT = MEDIA_ROOT / "static"\n')
    assert needs_of(tmp_path)["STATIC_ROOT"] == ('STATIC_ROOT = BASE_DIR / "static"',)


def test_line_for_a_directory_goes_with_the_answer(tmp_path: Path) -> None:
    """Outside of the project, the line is for Apache's files after another answer."""
    make(tmp_path, SMALL)
    settings = tmp_path / "site_/settings.py"
    with settings.open("a") as file:
        file.write("STATIC_ROOT = '/srv/static'\nMEDIA_ROOT = '/srv/media'\n")
    whys = {need.why.split()[0]: need.why for need in all_needs(tmp_path)}
    assert "with --set static_root=static, each release" in whys["STATIC_ROOT"]
    assert "with --set media_root=media, it is" in whys["MEDIA_ROOT"]
    given = {"static_root": "static", "media_root": "uploads"}
    found = needs_of(tmp_path, **given)
    assert found["MEDIA_ROOT"] == ('MEDIA_ROOT = BASE_DIR / "uploads"',)
    with settings.open("a") as file:
        file.write("\n".join([*found["STATIC_ROOT"], *found["MEDIA_ROOT"]]))
    assert {"STATIC_ROOT", "MEDIA_ROOT"}.isdisjoint(needs_of(tmp_path, **given))


@pytest.mark.parametrize("name", ["manage.py", "site_/wsgi.py"])
def test_settings_that_a_file_forces_are_named(name: str, tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    (tmp_path / "site_/prod.py").write_text("from .settings import *\n")
    (tmp_path / "site_/wsgi.py").write_text("application = 1\n")
    (tmp_path / name).write_text(
        "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'site_.settings'\n"
    )
    given = {"settings": "site_.prod"}
    [need] = [each for each in all_needs(tmp_path, **given) if each.why.startswith("sets ")]
    assert need.file == f"{name}:2"
    assert need.lines == ('os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")',)
    given = {"settings": "site_.settings"}
    assert not [each for each in all_needs(tmp_path, **given) if each.why.startswith("sets ")]


def test_module_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    (tmp_path / "site_/settings.py").write_text("import os\nprint 'loading'\nDEBUG = True\n")
    [need] = all_needs(tmp_path)
    assert need.file == "site_/settings.py:2"
    assert "can't read it: Missing parentheses" in need.why


def test_missing_module_of_a_server_is_named(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    make(tmp_path, SMALL, **{".gitignore": "local.py\n*.json\n", "site_/local.py.example": ""})
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write("json.load(open(BASE_DIR / 'keys.json'))\nfrom .local import *\n")
    notes = {need.file: need.why for need in all_needs(tmp_path)}
    assert notes["shared/site_/local.py"].endswith("; write it after site_/local.py.example")
    assert notes["shared/keys.json"].endswith("; write it first, it is not here")


def test_directory_of_logs_elsewhere_is_named(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write(
            "LOGGING = {'handlers': {'f': {'class': 'logging.FileHandler',"
            " 'filename': '/var/log/site/a.log'}}}\n"
        )
    assert "/var/log/site/a.log" in [need.file for need in all_needs(tmp_path)]


def test_lines_come_before_those_of_dynaconf(tmp_path: Path) -> None:
    """It takes all the settings of the module where it is called."""
    make(tmp_path, SMALL)
    (tmp_path / "site_/settings.py").write_text("settings = dynaconf.DjangoDynaconf(__name__)\n")
    files = {need.file for need in all_needs(tmp_path) if need.why.startswith("STATIC_ROOT")}
    assert files == {"site_/settings.py, before line 1"}
    assert variables_of(tmp_path) == ["DJANGO_DEBUG=false"]


def test_lines_for_a_class_work_in_it(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    settings = tmp_path / "site_/settings.py"
    settings.write_text(
        "from configurations import Configuration\n"
        "import os\nclass Base(Configuration):\n"
        "    BASE_DIR = os.path.dirname(os.path.dirname(__file__))\n    DEBUG = True\n"
        "class Production(Base):\n    ALLOWED_HOSTS = ['*']\n"
    )
    found = needs_of(tmp_path)
    assert found["DEBUG"] == ("    DEBUG = False",)
    assert variables_of(tmp_path) == ["DJANGO_CONFIGURATION=Production"]
    code = settings.read_text().replace("from configurations import Configuration", "")
    names: dict[str, Any] = {"__file__": str(settings), "Configuration": object}
    exec("\n".join([code, *found["STATIC_ROOT"], *found["DEBUG"]]), names)
    assert tmp_path / "static" == names["Production"].STATIC_ROOT
    assert names["Production"].DEBUG is False
