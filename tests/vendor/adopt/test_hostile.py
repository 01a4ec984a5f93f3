"""A hostile or odd old project runs no code, is written nowhere else, and loses no file."""

import base64
import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support.index import Index, make_tarball
from tests.support.wheels import make_wheel
from tests.vendor.adopt.test_init import MANAGE, files
from tests.vendor.conftest import vendor

Output = pytest.CaptureFixture[str]


@pytest.fixture
def site(tmp_path: Path, index: Index) -> Path:
    """A project with a list of one package."""
    for name in ("tiny", "helper"):
        make_wheel(index.directory, name, "1.0")
    site = tmp_path / "site"
    (site / "config").mkdir(parents=True)
    (site / "manage.py").write_text(MANAGE)
    (site / "config/settings.py").write_text("DEBUG = True\n")
    (site / "requirements.txt").write_text("tiny==1.0\n")
    (site / ".gitignore").write_text("*.pyc")
    return site


def old(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("name", ["{tmp}/victim", "../victim", ".git/hooks/x", "link/victim"])
@pytest.mark.parametrize("deleted", [True, False])
def test_record_of_an_adoption_names_no_file_elsewhere(
    site: Path,
    tmp_path: Path,
    name: str,
    deleted: bool,
    capsys: Output,
) -> None:
    (site / "requirements").mkdir()
    (site / ".git/hooks").mkdir(parents=True)
    (site / "link").symlink_to(tmp_path)
    (tmp_path / "victim").write_text("mine\n")
    (site / ".git/hooks/x").write_text("mine\n")
    name = name.format(tmp=tmp_path)
    entry = {"old": None if deleted else old("evil\n"), "mode": 0o755, "new": None}
    record = {"files": {name: entry}, "directories": []}
    (site / "requirements/adopted.json").write_text(json.dumps(record))
    assert vendor(site, "init", "--undo") in (1, 2)
    assert (tmp_path / "victim").read_text() == "mine\n"
    assert (site / ".git/hooks/x").read_text() == "mine\n"
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert "next:" in error


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"files": []}', '{"files": {"a": 1}}',
     '{"files": {"a": {"old": "%", "mode": 1, "new": "x"}}}',
     '{"files": {"a": {"old": "eA==", "mode": "x", "new": null}}}'],
)  # fmt: skip
def test_faulty_record_of_an_adoption_is_refused(site: Path, text: str, capsys: Output) -> None:
    (site / "requirements").mkdir()
    (site / "requirements/adopted.json").write_text(text)
    before = files(site)
    assert vendor(site, "init", "--undo") == 2
    assert files(site) == before
    assert "requirements/adopted.json: " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["link/victim", ".git/hooks/x"])
@pytest.mark.parametrize("kind", ["+", "x"])
def test_journal_names_no_file_elsewhere(
    site: Path,
    tmp_path: Path,
    name: str,
    kind: str,
    capsys: Output,
) -> None:
    beside = site / "requirements/.vendoring"
    (beside / name).parent.mkdir(parents=True)
    (beside / name).write_text("evil\n")
    (beside / "journal").write_text(f"{kind} {name}\n")
    (site / ".git/hooks").mkdir(parents=True)
    (site / "link").symlink_to(tmp_path)
    (tmp_path / "victim").write_text("mine\n")
    (site / ".git/hooks/x").write_text("mine\n")
    assert vendor(site, "init", "--yes") == 1
    assert (tmp_path / "victim").read_text() == "mine\n"
    assert (site / ".git/hooks/x").read_text() == "mine\n"
    assert "rm -r" in capsys.readouterr().err


def test_journal_fills_no_directory_elsewhere(site: Path, tmp_path: Path) -> None:
    beside = site / "requirements/.vendoring"
    (beside / "requirements/src").mkdir(parents=True)
    (beside / "requirements/src/x").write_text("evil\n")
    (beside / "journal").write_text("")
    (tmp_path / "bin").mkdir()
    (site / "requirements/src").symlink_to(tmp_path / "bin")
    assert vendor(site, "init", "--yes") == 1
    assert not (tmp_path / "bin/x").exists()


def test_undo_gives_back_the_tarballs_of_2010(
    site: Path,
    index: Index,
    capsys: Output,
) -> None:
    source = site / "requirements/src"
    source.mkdir(parents=True)
    for name in ("helper", "spare"):
        make_tarball(source, name, "1.0")
    names = sorted(path.name for path in source.iterdir())
    (site / "requirements.txt").unlink()
    lines = "".join(f"requirements/src/{name}\n" for name in names)
    (site / "requirements/apps.txt").write_text(lines)
    before = files(site)
    assert vendor(site, "init", "--yes", "--from", str(site / "requirements/apps.txt")) == 0, (
        capsys.readouterr()
    )
    assert {"requirements/src/" + name for name in names} <= files(site).keys()
    assert vendor(site, "init", "--undo") == 0
    assert files(site) == before


def test_tarball_that_is_not_taken_is_kept(site: Path) -> None:
    source = site / "requirements/src"
    source.mkdir(parents=True)
    make_tarball(source, "spare", "1.0")
    make_tarball(source, "spare", "0.9")
    text = "".join(f"requirements/src/{path.name}\n" for path in sorted(source.iterdir()))
    (site / "requirements/apps.txt").write_text(text)
    before = files(site)
    assert vendor(site, "init", "--yes") == 1  # it lists the files that no line asks for
    for name, content in before.items():
        if name.startswith("requirements/src"):
            assert files(site)[name] == content
    assert vendor(site, "init", "--undo") == 0
    assert files(site) == before


@pytest.mark.parametrize("name", ["manage.py", ".gitignore", "pyproject.toml", "bootstrap.py"])
def test_link_is_not_replaced(site: Path, tmp_path: Path, name: str, capsys: Output) -> None:
    if not (site / name).exists():
        (site / name).write_text("")
    (site / name).rename(tmp_path / "target")
    (site / name).symlink_to(tmp_path / "target")
    before = (tmp_path / "target").read_bytes()
    assert vendor(site, "init", "--yes") == 2
    assert (site / name).is_symlink()
    assert (tmp_path / "target").read_bytes() == before
    error = capsys.readouterr().err
    assert f"{name}: is a link" in error
    assert not (site / "requirements").exists()


@pytest.mark.parametrize("form", ["link", "dangling", "file"])
def test_requirements_elsewhere_are_refused(
    site: Path,
    tmp_path: Path,
    form: str,
    capsys: Output,
) -> None:
    if form == "file":
        (site / "requirements").write_text("tiny\n")
    else:
        (site / "requirements").symlink_to(tmp_path / "elsewhere")
    if form == "link":
        (tmp_path / "elsewhere").mkdir()
    assert vendor(site, "init", "--yes") in (1, 2)
    assert form != "link" or not any((tmp_path / "elsewhere").iterdir())
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert "requirements" in error
    assert "next:" in error


def test_edit_during_the_question_is_kept(
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
) -> None:
    def wanted(_: object) -> bool:
        (site / ".gitignore").write_text("mine\n")
        return True

    monkeypatch.setattr("vendor_fetch.commands.adopt._is_wanted", wanted)
    assert vendor(site, "init") == 1
    assert (site / ".gitignore").read_text() == "mine\n"
    assert not (site / "bootstrap.py").exists()
    assert "was changed while this command ran" in capsys.readouterr().err


def test_record_of_an_earlier_adoption_is_kept(site: Path, capsys: Output) -> None:
    before = files(site)
    assert vendor(site, "init", "--yes") == 0
    (site / "requirements/apps.in").unlink()
    assert vendor(site, "init", "--yes") == 2
    assert "init --undo" in capsys.readouterr().err
    assert vendor(site, "init", "--undo") == 0
    assert files(site) == before


BOMBS = {
    "doubling": "".join(f"A{n} = f'{f'{{A{n + 1}}}' * 50}'\n" for n in range(14))
    + "A14 = 'x'\nSTATIC_ROOT = A0\n",
    "parents": "import environ\nSTATIC_ROOT = environ.Path(__file__) - 10**18\n"
    "MEDIA_ROOT = environ.Path(__file__) - 1000000000000000000\n",
    "ancestor": "from unipath import Path\nMEDIA_ROOT = Path(__file__).ancestor(999999999999999)\n",
    "subscript": "from pathlib import Path\nMEDIA_ROOT = Path(__file__).parents[99999999999999]\n",
    "sum": "X = " + " + ".join(["'a'"] * 4000) + "\nSTATIC_ROOT = X\nSECURE_SSL_REDIRECT = X\n",
    "chain": "SECRET = a" + ".b()" * 3000 + "\n",
    "minus": "X = " + "-" * 200_000 + "1\n",
    "brackets": "X = " + "[" * 100_000 + "\n",
    "zero": "X = 'a\0b'\n",
    "escaped": "STATIC_ROOT = 'a\\0b'\nMEDIA_ROOT = 'a\\0b'\nALLOWED_HOSTS = ['a\\0b']\n",
    "surrogate": "STATIC_ROOT = '\\udcff'\nMEDIA_ROOT = '\\udcff'\n",
    "huge": "X = '" + "a" * 5_000_000 + "'\nMEDIA_ROOT = X\n",
    "call of itself": "f = lambda x: f(x + x) + f(x)\nSTATIC_ROOT = f('a')\n",
    "calls": "".join(f"f{n} = lambda *x: f{n + 1}(*x, *x)\n" for n in range(28))
    + "f28 = lambda *x: 'a'\nSTATIC_ROOT = f0('a')\n",
    "sums": "A = 'a'\nB = []\n" + "A = A + 'a'\nB += [A]\nB.append(B)\n" * 4000,
    "formats": "".join(f"A{n} = '%s%s' % (A{n + 1}, A{n + 1})\n" for n in range(40))
    + "A40 = 'x'\nSTATIC_ROOT = A0\nX = '{}'.format(A0)\nSTATICFILES_DIRS = [A0, A1] * 9\n",
    "classes": "class A(B):\n    pass\nclass B(A, Settings):\n    X = 1\nA.load_settings(1)\n",
    "included itself": "include('*.py', '../**/*.py', '/**')\nexec(open(__file__).read())\n",
    "conditions": "X = env('Y')\n" + "if X:\n    Z = 1\n" * 5000,
    "files": "".join(f"A{n} = A{n + 1} + A{n + 1}\n" for n in range(40)) + "open(A0)\n" * 5000,
    "variables": "X = 1\n" + "SECRET_KEY = env('X') or X\n" * 2000,
    "terminal": "STATIC_ROOT = '\\x1b]0;x\\x07'\n",
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.timeout(60)
def test_odd_settings_end_in_an_answer(site: Path, name: str, capsys: Output) -> None:
    (site / "config/settings.py").write_text(BOMBS[name])
    assert vendor(site, "init", "--dry-run") in (0, 2)
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    assert "\x1b" not in printed.out + printed.err
    assert "\0" not in printed.out + printed.err
    assert len(printed.out + printed.err) < 100_000


@pytest.mark.parametrize(
    "name",
    ['X\n["\\U00000073"]\nEVIL = 1\n#', "A\rB", "A'B", 'A"', "A B", "A;B", "A\x1b", "A$(X)"],
)
def test_name_of_a_variable_is_no_line_of_a_file(site: Path, name: str) -> None:
    (site / "config/settings.py").write_text(f"import os\nos.environ[{name!r}]\nos.environ['OK']\n")
    assert vendor(site, "init", "--yes") == 0
    text = (site / "deploy/deployments.toml").read_text()
    content = tomllib.loads(text)
    assert set(content) == {"default", "settings", "deployments"}
    assert name.split("\n")[0] + " (" not in text
    assert "#     OK (config/settings.py:3)" in text


@pytest.mark.parametrize("folder", ['a"+1+"', "a\\", "a'b", "a b", "a\nb", "a${b}", "ü"])
def test_folder_of_manage_py_is_no_code(site: Path, folder: str, capsys: Output) -> None:
    (site / folder).mkdir()
    (site / "manage.py").rename(site / folder / "manage.py")
    (site / "config").rename(site / folder / "config")
    status = vendor(site, "init", "--yes")
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    if status:
        assert "next:" in printed.err
        return
    text = (site / "apache/django.wsgi").read_text()
    [line] = [line for line in text.splitlines() if line.startswith("sys.path[:]")]
    added = line.partition("[*paths[:packages], ")[2].partition(", *paths[packages:]]")[0]
    assert eval(added, {"RELEASE": "/r"}) == f"/r/{folder}"
    compile(text, "django.wsgi", "exec")
    settings = tomllib.loads((site / "deploy/deployments.toml").read_text())["settings"]
    assert settings["MANAGE_DIRECTORY"] == folder


@pytest.mark.parametrize("target", [".", "config", ".."])
def test_link_to_code_is_not_served(site: Path, target: str, capsys: Output) -> None:
    (site / "assets").symlink_to(target)
    (site / "config/__init__.py").write_text("")
    assert vendor(site, "init", "--yes", "--set", "static_root=assets") == 2
    assert "static_root=assets: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "address",
    ["HTTPS://anna:s3cr3t@git.example.org/x.git", "https://s3cr3t@git.example.org/x.git",
     "Http://s3cr3t@git.example.org/x.git", "git+https://anna:s3cr3t@git.example.org/x"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["remote", "given"])
def test_password_of_the_repository_is_not_written(
    site: Path,
    address: str,
    way: str,
    capsys: Output,
) -> None:
    subprocess.run(["git", "init", "-q", site], check=True)
    subprocess.run(["git", "-C", site, "remote", "add", "origin", address], check=True)
    words = ("--set", f"repository={address}") if way == "given" else ()
    status = vendor(site, "init", "--yes", *words)
    printed = capsys.readouterr()
    if way == "remote":
        assert status == 0
        assert "s3cr3t" not in printed.out + printed.err
        assert "s3cr3t" not in (site / "deploy/deployments.toml").read_text()
    else:
        assert status == 2


@pytest.mark.parametrize(
    "text",
    ["tiny\x1b]0;x\x07\n", "tiny==1.0 # \x1b[31m\n", "\x1b[2Jtiny\n", "-r \x1b[31m.txt\n",
     "tiny==1.0\r-r /etc/passwd\n", "tiny==1.0\x0b-r x\n", "tiny==1.0\u2028helper\n"],
)  # fmt: skip
def test_escapes_of_a_list_are_not_printed(site: Path, text: str, capsys: Output) -> None:
    (site / "requirements.txt").write_text(text, newline="")
    vendor(site, "init", "--yes")
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert "Traceback" not in printed.err
    if (site / "requirements/apps.in").exists():
        lines = (site / "requirements/apps.in").read_text().splitlines()
        assert not [line for line in lines if line.startswith(("-r", "--"))]


@pytest.mark.parametrize(
    "dependency",
    ["tiny==1.0\n--index-url https://evil.example.org", "tiny\n-r /etc/passwd", "-r /etc/passwd",
     "tiny ; python_version > '3'\n--pre", "--pre"],
)  # fmt: skip
def test_dependency_is_one_line(site: Path, dependency: str, capsys: Output) -> None:
    (site / "requirements.txt").unlink()
    (site / "pyproject.toml").write_text(
        f'[project]\nname = "x"\nversion = "0"\ndependencies = [{json.dumps(dependency)}, "helper"]\n'
    )
    vendor(site, "init", "--yes")
    assert "Traceback" not in capsys.readouterr().err
    if (site / "requirements/apps.in").exists():
        lines = (site / "requirements/apps.in").read_text().splitlines()
        assert not [line for line in lines if line.startswith("-")]


def test_locked_version_is_one_line(site: Path, index: Index, capsys: Output) -> None:
    make_wheel(index.directory, "evil", "1.0")
    (site / "requirements.txt").unlink()
    (site / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "0"\ndependencies = ["tiny"]\n'
    )
    version = json.dumps("1.0\n-r /etc/passwd\nevil")
    (site / "uv.lock").write_text(
        f'version = 1\n[[package]]\nname = "tiny"\nversion = {version}\n'
        'source = { registry = "https://x/simple" }\n'
    )
    vendor(site, "init", "--yes")
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    assert not list((site / "requirements").glob("src/evil*"))


@pytest.mark.parametrize("kind", ["directory", "link", "pipe"])
@pytest.mark.timeout(60)
def test_odd_file_among_the_tests_is_passed_over(site: Path, kind: str) -> None:
    (site / "tests").mkdir()
    path = site / "tests/test_x.py"
    if kind == "directory":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("nowhere")
    else:
        os.mkfifo(path)
    assert vendor(site, "init", "--dry-run") == 0
