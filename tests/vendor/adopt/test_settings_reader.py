"""Settings are read as the server takes them, whatever their form is."""

import subprocess
from pathlib import Path

import pytest

from tests.vendor.adopt.layouts import MANAGE, make
from vendor_fetch.adopt.django_project import DjangoProject, find_project
from vendor_fetch.adopt.shared_paths import shared_paths


def project_with(root: Path, settings: str, **more: str) -> DjangoProject:
    files = {"manage.py": MANAGE.format(settings="acme.settings"), "acme/__init__.py": ""}
    make(root, {**files, "acme/settings.py": settings, **more})
    return find_project(root)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig", "iso-8859-15"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_declared_encoding_is_used(encoding: str, end: str, tmp_path: Path) -> None:
    found = project_with(tmp_path, "")
    declared = encoding.removesuffix("-sig")
    lines = ["# Settings", f"# -*- coding: {declared} -*-", "MEDIA_ROOT = 'B\u00fccher'", ""]
    (tmp_path / "acme/settings.py").write_bytes(end.join(lines).encode(encoding))
    found = find_project(tmp_path)
    assert found.text("MEDIA_ROOT") == "B\u00fccher"
    assert found.assigned.values["MEDIA_ROOT"].line == 3


def test_unknown_escape_is_no_warning(tmp_path: Path) -> None:
    assert project_with(tmp_path, "X = '\\[a'\nMEDIA_URL = '/m/'\n").text("MEDIA_URL") == "/m/"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("os.path.join(HERE, '..', 'static')", "static"),
        (
            "os.path.join(os.path.dirname(os.path.abspath(os.path.join(HERE, os.pardir))), 's')",
            None,
        ),
        ("os.path.dirname(os.path.abspath(os.path.join(HERE, 'a', '..'))) + '/s'", "s"),
        ("os.path.join(os.path.split(os.path.realpath(__file__))[0], 's')", "acme/s"),
        ("'%s/s' % HERE", "acme/s"),
        ("'{}/s'.format(HERE)", "acme/s"),
        ("f'{HERE}{os.sep}s'", "acme/s"),
        ("root('a', 's')", "acme/a/s"),
        ("rel('s')", "acme/s"),
        ("get_path('X', HERE + '/s')", "acme/s"),
        ("env('X', os.path.join(HERE, 's'))", "acme/s"),
        ("env.path('X', default=HERE) / 's'", "acme/s"),
        ("values.PathValue(os.path.join(HERE, 's'))", "acme/s"),
        ("scheme('X')", "acme/s"),
        ("Path.cwd() / 's'", "s"),
        ("up(up(__file__)) + '/s'", "s"),
        ("j(HERE, 's')", "acme/s"),
        ("osp.join(HERE, 's')", "acme/s"),
        ("ini.get('a', 'b', fallback=HERE + '/s')", "acme/s"),
        ("config.get('a', 'b')", None),
        ("os.path.expanduser('~/s')", None),
        ("Path('~/s').expanduser()", None),
        ("unknown('s')", None),
    ],
)
def test_path_is_worked_out(expression: str, expected: str | None, tmp_path: Path) -> None:
    head = (
        "import os\nimport os.path as osp\nfrom os.path import join as j\nup = os.path.dirname\n"
        "from pathlib import Path\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
        "root = lambda *x: os.path.join(HERE, *x)\n"
        "def rel(name, base=HERE):\n    'Return a path.'\n    return os.path.join(base, name)\n"
        "def get_path(key, default):\n    if key in os.environ:\n        return os.environ[key]\n"
        "    return default\n"
        "scheme = environ.Env(X=(str, HERE + '/s'))\n"
    )
    found = project_with(tmp_path, f"{head}STATIC_ROOT = {expression}\n")
    if expression == "scheme('X')":
        (tmp_path / "acme/settings.py").write_text(
            head.replace("scheme =", "env =") + "STATIC_ROOT = env('X')\n"
        )
        found = find_project(tmp_path)
    text = found.text("STATIC_ROOT")
    if expected is None and "pardir" not in expression:
        assert text is None
    elif expected:
        assert text
        assert (found.base / text).resolve() == tmp_path / expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("if DEBUG:\n    MEDIA_URL = '/a/'\nelse:\n    MEDIA_URL = '/b/'\n", "/b/"),
        ("if not DEBUG:\n    MEDIA_URL = '/a/'\nelse:\n    MEDIA_URL = '/b/'\n", "/a/"),
        ("MEDIA_URL = None\nif MEDIA_URL is None:\n    MEDIA_URL = '/c/'\n", "/c/"),
        ("MEDIA_URL = '/a/'\nif X:\n    MEDIA_URL = '/b/'\n", "/a/"),
        (
            "S3 = env.bool('S3', False)\nif S3:\n    MEDIA_URL = '/s3/'\nelse:\n    MEDIA_URL = '/b/'\n",
            "/b/",
        ),
        (
            "M = 'dev'\nif M == 'production':\n    MEDIA_URL = '/a/'\nelse:\n    MEDIA_URL = '/b/'\n",
            "/b/",
        ),
        (
            "if E == 'dev':\n    MEDIA_URL = '/a/'\nelif E == 'prod':\n    MEDIA_URL = '/b/'\n",
            "/b/",
        ),
        ("if E == 'local':\n    MEDIA_URL = '/a/'\nelse:\n    MEDIA_URL = '/b/'\n", "/b/"),
        ("try:\n    MEDIA_URL = '/a/'\nexcept X:\n    MEDIA_URL = '/b/'\n", "/a/"),
        ("MEDIA_URL = '/a'\nMEDIA_URL += '/'\n", "/a/"),
        ("MEDIA_URL = '/a/'\nMEDIA_URL = '/b' + MEDIA_URL\n", "/b/a/"),
        ("if TESTING:\n    MEDIA_URL = '/a/'\nelse:\n    MEDIA_URL = '/b/'\n", "/b/"),
        ("if 'test' in sys.argv:\n    MEDIA_URL = '/a/'\nelse:\n    MEDIA_URL = '/b/'\n", "/b/"),
        ("if DEBUG and X:\n    MEDIA_URL = '/a/'\nelse:\n    MEDIA_URL = '/b/'\n", "/b/"),
        ("if not (DEBUG or TEST):\n    MEDIA_URL = '/a/'\nelse:\n    MEDIA_URL = '/b/'\n", "/a/"),
    ],
)
def test_condition_is_that_of_the_server(lines: str, expected: str, tmp_path: Path) -> None:
    assert project_with(tmp_path, f"DEBUG = True\n{lines}").text("MEDIA_URL") == expected


def test_import_under_a_condition_is_not_certain(tmp_path: Path) -> None:
    found = project_with(
        tmp_path,
        "try:\n    from .local import *\nexcept ImportError:\n    from .development import *\n",
        **{"acme/development.py": "DEBUG = True\n"},
    )
    assert not found.assigned.values["DEBUG"].is_certain


def test_variable_that_chooses_is_noted(tmp_path: Path) -> None:
    lines = (
        "E = os.getenv('APP_ENV', 'dev')\nif E == 'production':\n    from .production import *\n"
    )
    found = project_with(tmp_path, lines, **{"acme/production.py": "DEBUG = False\n"})
    switch = found.assigned.switches["APP_ENV"]
    assert (switch.value, switch.line) == ("production", 2)
    assert found.assigned.values["DEBUG"].is_certain


def test_included_files_are_read(tmp_path: Path) -> None:
    found = project_with(
        tmp_path,
        "environ.setdefault('DJANGO_ENV', 'development')\nENV = environ['DJANGO_ENV']\n"
        "parts = ['parts/*.py', f'envs/{ENV}.py', optional('gone.py'), '../../outside.py']\n"
        "include(*parts)\n",
        **{
            "acme/parts/a.py": "MEDIA_URL = '/m/'\n",
            "acme/envs/development.py": "DEBUG = True\n",
            "acme/envs/production.py": "DEBUG = False\n",
        },
    )
    assert found.text("MEDIA_URL") == "/m/"
    assert found.assigned.values["DEBUG"].file == tmp_path / "acme/envs/production.py"
    assert found.assigned.switches["DJANGO_ENV"].value == "production"


def test_file_outside_of_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("MEDIA_URL = '/m/'\n")
    lines = "include('../../outside.py')\nexec(open('../outside.py').read())\n"
    assert project_with(tmp_path / "site", lines).text("MEDIA_URL") is None


def test_executed_file_is_read(tmp_path: Path) -> None:
    found = project_with(
        tmp_path, "exec(open('extra.py').read())\n", **{"extra.py": "MEDIA_URL = '/m/'\n"}
    )
    assert found.text("MEDIA_URL") == "/m/"


def test_class_of_the_server_is_read(tmp_path: Path) -> None:
    lines = (
        "from configurations import Configuration, values\n"
        "class Core(Configuration):\n    BASE = 'x'\n    MEDIA_URL = '/core/'\n"
        "class Mixin:\n    MEDIA_URL = '/mixin/'\n    STATIC_URL = values.Value('/s/')\n"
        "class Base(Mixin, Core):\n    SECRET_KEY = values.SecretValue()\n"
        "class Dev(Base):\n    DEBUG = values.BooleanValue(True)\n"
        "class Production(Base):\n    DEBUG = False\n    MEDIA_ROOT = Core.BASE\n"
        "    DATABASES = values.DatabaseURLValue('sqlite:///db.sqlite3')\n"
        "    @property\n    def STATIC_ROOT(self):\n        return self.BASE + '/s'\n"
    )
    found = project_with(tmp_path, lines)
    assert found.assigned.class_name == "Production"
    texts = [found.text(name) for name in ("MEDIA_URL", "STATIC_URL", "MEDIA_ROOT", "STATIC_ROOT")]
    assert texts == ["/mixin/", "/s/", "x", "x/s"]
    required = {each.name: each.required for each in found.assigned.variables.values()}
    assert required["DJANGO_SECRET_KEY"]
    assert required.keys() >= {"DATABASE_URL", "DJANGO_STATIC_URL"}


def test_class_that_loads_itself_is_read(tmp_path: Path) -> None:
    base = "class BaseSettings:\n    MEDIA_URL = '/m/'\n"
    lines = "from .base import BaseSettings\nclass Docker(BaseSettings):\n    pass\n"
    found = project_with(
        tmp_path, f"{lines}Docker.load_settings(__name__)\n", **{"acme/base.py": base}
    )
    assert (found.assigned.class_name, found.text("MEDIA_URL")) == ("Docker", "/m/")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("os.environ['X'] = '1'", {}),
        ("os.environ.setdefault('X', '1')", {}),
        ("os.environ['X']", {"X": True}),
        ("env = os.environ.copy()\nenv['X']", {"X": True}),
        ("if 'X' in os.environ:\n    A = os.environ['X']", {"X": False}),
        ("A = os.environ['X'] if 'X' in os.environ else ''", {"X": False}),
        ("try:\n    A = os.environ['X']\nexcept KeyError:\n    pass", {"X": False}),
        ("if DEBUG:\n    A = env('X')\nelse:\n    A = env('Y')", {"X": False, "Y": True}),
        ("if USE_S3:\n    A = env('X')", {"X": False}),
        ("D = {'default': env.db()}", {"DATABASE_URL": True}),
        ("D = dj_database_url.config()", {"DATABASE_URL": False}),
        ("A = get_from_env('X')", {"X": True}),
        ("A = get_from_env('X', optional=True)", {"X": False}),
        ("A = config.get('X', 'y')", {}),
        (
            "def flag(key, default='NO'):\n    return os.getenv(key, default)\nA = flag('X')",
            {"X": False},
        ),
        ("def need(key):\n    return os.environ[key]\nA = need('X')", {"X": True}),
        (
            "env = environ.Env(X=(bool, False), Y=str)\nA = env('X')\nB = env('Y')",
            {"X": False, "Y": True},
        ),
    ],
)
def test_variables_are_found(lines: str, expected: dict[str, bool], tmp_path: Path) -> None:
    found = project_with(tmp_path, f"{lines}\n").assigned.variables
    assert {name: each.required for name, each in found.items()} == expected


def test_module_that_git_ignores_is_left_out_even_if_it_is_missing(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("local*.py\nsecrets.json\n*.ini\n")
    lines = (
        "import json, local_paths\nBASE = '.'\nwith open('secrets.json') as f:\n    pass\n"
        "ini.read('site.ini')\nopen('README')\nfrom .local_settings import *\n"
    )
    found = project_with(tmp_path, lines)
    assert [str(each.path.relative_to(tmp_path)) for each in found.assigned.left_out] == [
        "local_paths.py",
        "acme/local_settings.py",
        "secrets.json",
        "site.ini",
    ]


def test_logs_and_every_database_are_shared(tmp_path: Path) -> None:
    """Django does not start if the directory of a log is missing."""
    lines = (
        "LOGGING = {'handlers': {'file': {'class': 'logging.FileHandler', 'filename': 'logs/a.log'}}}\n"
        "if 'PG' in os.environ:\n    DATABASES = {'default': {'ENGINE': 'postgresql'}}\n"
        "else:\n    DATABASES = {'default': {'ENGINE': 'sqlite3', 'NAME': 'db.sqlite3'}}\n"
        "DATABASES['other'] = dj_database_url.parse('sqlite:///' + 'other.db')\n"
    )
    paths = shared_paths(project_with(tmp_path, lines), "")
    assert paths == [".env", "other.db", "db.sqlite3", "logs/"]


OPENED = "open('/etc/machine-id')\nopen('/proc/cpuinfo')\n"


def test_settings_outside_of_the_project_are_those_of_the_server(tmp_path: Path) -> None:
    found = project_with(tmp_path, "include('/etc/acme/settings.py')\n" + OPENED)
    paths = [str(each.path) for each in found.assigned.left_out]
    assert paths == ["/etc/acme/settings.py", "/etc/machine-id"]
    assert shared_paths(found, "") == [".env"]


def test_name_that_grows_in_every_line_has_an_end(tmp_path: Path) -> None:
    lines = "A = 'a'\n" + "A = A + 'a'\n" * 3000 + "B = 'b'\n" + "B = B + B\n" * 100
    assert project_with(tmp_path, f"{lines}MEDIA_URL = '/m/'\n").text("MEDIA_URL") == "/m/"


def test_chain_of_imports_has_an_end(tmp_path: Path) -> None:
    names = [f"acme/m{number}.py" for number in range(400)]
    chain = {name: f"from .m{number + 1} import *\n" for number, name in enumerate(names)}
    found = project_with(tmp_path, "MEDIA_URL = '/m/'\nfrom .m0 import *\n", **chain)
    assert found.text("MEDIA_URL") == "/m/"
