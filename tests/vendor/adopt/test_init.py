"""An existing Django project adopts vendoring by one command, and gets everything back by another."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import vendor
from vendor_fetch.project.project import BESIDE

MANAGE = """#!/usr/bin/env python
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
"""
LOCKED = "tiny==1.0  # small\n-e .\nhelper==1.0\n"


@pytest.fixture
def site(tmp_path: Path, index: Index) -> Path:
    """A project with a list of versions; the index has later ones."""
    for version in ("1.0", "2.0"):
        make_wheel(index.directory, "tiny", version, requires=["helper"])
        make_wheel(index.directory, "helper", version)
    site = tmp_path / "site"
    (site / "config").mkdir(parents=True)
    (site / "manage.py").write_text(MANAGE)
    (site / "config/settings.py").write_text("DEBUG = True\n")
    (site / "requirements.txt").write_text(LOCKED)
    (site / ".gitignore").write_text("*.pyc")
    return site


def files(site: Path) -> dict[str, tuple[int, bytes]]:
    """The mode and the content of every file."""
    return {
        str(path.relative_to(site)): (path.stat().st_mode, path.read_bytes())
        for path in site.rglob("*")
        if path.is_file()
    }


def content(site: Path) -> dict[str, bytes]:
    return {name: data for name, (_, data) in files(site).items()}


def test_project_is_vendored_with_its_locked_versions(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(site, "init", "--yes") == 0
    printed = capsys.readouterr().out
    assert "refused  requirements.txt:2  -e ." in printed
    assert "3 lines: 2 taken, 1 refused\n" in printed
    assert "+#!ve/bin/python\n" in printed
    assert printed.endswith("init --undo\n")
    assert vendor(site, "check") == 0
    names = {path.name for path in (site / "requirements/src").iterdir()}
    assert {"tiny-1.0-py3-none-any.whl", "helper-1.0-py3-none-any.whl"} <= names
    assert (site / "manage.py").read_text() == MANAGE.replace(
        "/usr/bin/env python", "ve/bin/python"
    )
    assert os.access(site / "manage.py", os.X_OK)
    assert os.access(site / "bootstrap.py", os.X_OK)
    assert (site / ".gitignore").read_text().startswith("*.pyc\n# ./bootstrap.py rebuilds ve/")


def test_second_init_changes_nothing(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor(site, "init", "--yes") == 0
    before = files(site)
    assert vendor(site, "init", "--yes") == 0
    assert files(site) == before
    assert capsys.readouterr().out.endswith("Nothing to do: requirements/apps.in is there\n")


def test_second_init_prints_again_what_the_settings_need(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("domain=shop.example.com", "deploy_user=shop", "remote_host=shop@app1.example.org")
    words = [word for each in given for word in ("--set", each)]
    assert vendor(site, "init", "--yes", *words) == 0
    first = needs(capsys)
    assert "shop.example.com" in first
    deployments = site / "deploy/deployments.toml"
    deployments.write_text(deployments.read_text().replace("app1.example.org", "app2.example.org"))
    before = files(site)
    assert vendor(site, "init") == 0
    assert needs(capsys) == first.replace("app1", "app2")
    settings = site / "config/settings.py"
    settings.write_text(f"{settings.read_text()}STATIC_ROOT = 'static'\n")
    assert vendor(site, "init") == 0
    assert "STATIC_ROOT" in first
    assert "STATIC_ROOT" not in needs(capsys)
    settings.write_bytes(before["config/settings.py"][1])
    assert files(site) == before


def test_second_init_with_odd_deployments_does_not_fail(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(site, "init", "--yes") == 0
    for text in ("[", "default = 1\ndeployments = 1\n", '[settings]\nREMOTE_HOST = "a b"\n'):
        (site / "deploy/deployments.toml").write_text(text)
        capsys.readouterr()
        assert vendor(site, "init") == 0
        assert capsys.readouterr().out.endswith("Nothing to do: requirements/apps.in is there\n")


def needs(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed of the needs of the settings, which are indented."""
    _, _, text = capsys.readouterr().out.rpartition("no command changes them:\n")
    lines = (line for line in text.splitlines() if not line.startswith("  next: "))
    return "\n".join(line for line in lines if line.startswith("  "))


def test_undo_gives_everything_back(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "manage.py").chmod(0o640)
    before = files(site)
    assert vendor(site, "init", "--undo") == 2
    assert vendor(site, "init", "--yes") == 0
    (site / ".gitignore").write_text("changed since\n")
    adopted = files(site)
    capsys.readouterr()
    assert vendor(site, "init", "--undo") == 2
    assert capsys.readouterr().err.startswith(".gitignore: was changed since init\n  next: ")
    assert files(site) == adopted
    (site / ".gitignore").write_bytes(before[".gitignore"][1])
    assert vendor(site, "init", "--undo") == 0
    assert files(site) == before
    for name in ("requirements", "apache", "deploy"):
        assert not (site / name).exists()


def test_dry_run_of_undo_changes_nothing(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor(site, "init", "--yes") == 0
    adopted = files(site)
    capsys.readouterr()
    assert vendor(site, "init", "--undo", "--dry-run") == 0
    assert "would be as before init: manage.py\n" in capsys.readouterr().out
    assert files(site) == adopted


def test_own_files_of_the_server_are_kept(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "apache").mkdir()
    (site / "apache/django.wsgi").write_text("ours\n")
    before = files(site)
    assert vendor(site, "init", "--yes", "--set", "domain=www.example.org") == 0
    printed = capsys.readouterr().out
    assert "kept: apache/django.wsgi is there\n" in printed
    assert "assumed  server_root=/var/www" in printed
    assert "domain=www.example.org" not in printed
    assert "  config/settings.py: DEBUG is True (config/settings.py:1)" in printed
    assert (site / "apache/django.wsgi").read_text() == "ours\n"
    assert os.access(site / "apache/reload", os.X_OK)
    assert "ServerName www.example.org\n" in (site / "apache/production.conf").read_text()
    assert vendor(site, "init", "--undo") == 0
    assert files(site) == before


@pytest.mark.parametrize("words", [("--dry-run",), ()])
def test_nothing_is_written_before_a_yes(
    words: tuple[str, ...], site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(site)
    assert vendor(site, "init", *words) == (0 if words else 2)
    printed = capsys.readouterr()
    assert "package " in printed.out
    assert words or printed.err.startswith("init: has no terminal to ask at\n  next: ")
    assert files(site) == before
    assert not (site / "requirements").exists()


def test_deviation_from_a_lock_is_a_line(
    site: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "requirements.in").write_text("tiny\n")
    (site / "requirements.txt").write_text("tiny==1.0\nhelper==1.5\ngone==1.0\n")
    assert vendor(site, "init", "--yes") == 0
    printed = capsys.readouterr().out
    assert "helper 1.5 was locked; 2.0 is vendored" in printed
    assert "gone 1.0 was locked, and nothing asks for it" in printed
    assert "tiny 1.0" not in printed


def test_relaxed_package_moves(site: Path) -> None:
    assert vendor(site, "init", "--yes", "--relax", "tiny") == 0
    names = {path.name for path in (site / "requirements/src").iterdir()}
    assert {"tiny-2.0-py3-none-any.whl", "helper-1.0-py3-none-any.whl"} <= names


def test_conflict_names_the_line_and_changes_nothing(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "requirements.txt").write_text("tiny==3.0\n")
    before = files(site)
    assert vendor(site, "init", "--yes") == 1
    printed = capsys.readouterr().err
    assert printed.startswith("requirements.txt:1: no version of tiny can be used")
    assert "--relax tiny  # lets its version move; or change the line" in printed
    assert files(site) == before
    assert not (site / "requirements").exists()


def test_package_that_is_nowhere_is_not_to_be_relaxed(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "requirements.txt").write_text("tiny==1.0\nnowhere==1.0\n")
    assert vendor(site, "init", "--yes") == 1
    printed = capsys.readouterr().err
    assert printed.startswith("requirements.txt:2: the index has no package nowhere")
    assert "next: ${EDITOR:-vi} requirements.txt  # change the requirement, then: " in printed


def test_missing_django_is_reported(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor(site, "init", "--dry-run") == 0
    assert "django is not vendored, because no line that was taken asks for it" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("required", "python"),
    [
        ('[project]\nname = "x"\nrequires-python = "==3.12.*"\n', "3.12"),
        ('[project]\nname = "x"\nrequires-python = ">=3.11"\n', ""),
        ('[tool.poetry.dependencies]\npython = "^3.13"\n', "3.13"),
        ('[tool.poetry.dependencies]\npython = ">=3.8"\n', ""),
    ],
)
def test_python_of_the_project_is_the_target(
    required: str, python: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "pyproject.toml").write_text(required)
    assert vendor(site, "init", "--dry-run", "--from", str(site / "requirements.txt")) == 0
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f'python = "{python or running}", platform' in capsys.readouterr().out


@pytest.mark.parametrize("file", ["pyproject.toml", "Pipfile.lock"])
def test_python_that_is_too_old_is_reported(
    file: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "pyproject.toml").write_text('[tool.poetry.dependencies]\npython = "~2.7 || ~3.6"\n')
    (site / "Pipfile.lock").write_text('{"_meta": {"requires": {"python_version": "3.7"}}}')
    (site / {"pyproject.toml": "Pipfile.lock", "Pipfile.lock": "pyproject.toml"}[file]).unlink()
    assert vendor(site, "init", "--dry-run", "--from", str(site / "requirements.txt")) == 0
    assert "the project names Python " in capsys.readouterr().out


def test_python_that_is_no_version_is_refused(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(site, "init", "--python", "three") == 2
    assert "--python: 'three' is not a version such as 3.12\n" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("init", "--yes"), ("init", "--undo")])
def test_fifty_kills_leave_the_old_or_the_new(words: tuple[str, ...], site: Path) -> None:
    if words[1] == "--undo":
        assert vendor(site, "init", "--yes") == 0
    before, saved = content(site), site.parent / "saved"
    shutil.copytree(site, saved)
    started = time.monotonic()
    assert start(site, words).wait() == 0
    longest, after = time.monotonic() - started, content(site)
    assert after != before
    chance, seen = random.Random(1), set()
    for number in range(50):
        shutil.rmtree(site)
        shutil.copytree(saved, site)
        run = start(site, words)
        if number % 5:
            time.sleep(chance.uniform(0.05, longest))
        else:
            while run.poll() is None and not (site / BESIDE / "journal").exists():
                time.sleep(0.0002)
        with suppress(ProcessLookupError):  # it has ended
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        # A command that changes nothing recovers.
        assert vendor(site, "init", "--dry-run") == 0
        found = content(site)
        assert found in (before, after)
        seen.add(found == after)
    assert seen == {False, True}


def start(site: Path, words: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "vendor_fetch", "--project", site, *words],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def test_only_a_file_with_a_locked_hash_is_vendored(
    site: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = index.directory / "tiny-1.0-py3-none-any.whl"
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (site / "requirements.txt").write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    before = files(site)
    assert vendor(site, "init", "--yes") == 1
    printed = capsys.readouterr().err
    assert printed.startswith("tiny 1.0: no file of the index that fits has a hash of the lock\n")
    assert "--relax tiny" in printed
    assert files(site) == before
    (site / "requirements.txt").write_text(f"tiny==1.0 --hash=sha256:{right}\n")
    assert vendor(site, "init", "--dry-run") == 0


def test_locked_version_of_an_extra_index_keeps_the_others(
    site: Path, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extra index may have the locked version without the file for this Python."""
    with Index(tmp_path / "extra") as extra:
        make_wheel(extra.directory, "tiny", "1.0", tag="cp27-cp27m-manylinux_2_17_x86_64")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", extra.url)
        (site / "requirements.in").write_text("tiny\n")
        (site / "requirements.txt").write_text("tiny==1.0\nhelper==1.0\n")
        assert vendor(site, "init", "--yes") == 0
    names = {path.name for path in (site / "requirements/src").iterdir()}
    assert {"tiny-1.0-py3-none-any.whl", "helper-1.0-py3-none-any.whl"} <= names


@pytest.mark.parametrize(
    "line",
    ["tiny==3.0.0\n", "tiny==1.0 ; python_version < '3'\ntiny==3.0 ; python_version > '3'\n"],
)
def test_young_locked_version_is_not_held_back(line: str, site: Path, index: Index) -> None:
    wheel = make_wheel(index.directory, "tiny", "3.0", requires=["helper"])
    for path in index.directory.iterdir():
        index.uploaded[path.name] = datetime(2020, 1, 1, tzinfo=UTC)
    index.uploaded[wheel.name] = datetime.now(UTC) - timedelta(days=1)
    (site / "requirements.txt").write_text(line)
    assert vendor(site, "init", "--yes") == 0
    assert (site / "requirements/src" / wheel.name).is_file()


def git(site: Path, *words: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    return subprocess.run(
        ["git", *identity, *words], cwd=site, check=True, capture_output=True, text=True
    ).stdout


def test_secrets_and_collected_files_are_ignored_by_git(site: Path) -> None:
    (site / "media").mkdir()
    (site / "media/in-git.txt").write_text("tracked\n")
    (site / "config/settings.py").write_text(
        'DEBUG = False\nSTATIC_ROOT = "assets"\nMEDIA_ROOT = "media"\nMEDIA_URL = "/media/"\n'
    )
    git(site, "init", "-q")
    git(site, "add", "--all")
    git(site, "commit", "-q", "-m", "Add the site")
    assert vendor(site, "init", "--yes") == 0
    for name in (".env", "assets/site.css", "media/new.txt"):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text("of this machine\n")
    status = git(site, "status", "--porcelain", "--untracked-files=all")
    assert ".env\n" not in status
    assert "assets/" not in status
    assert "media/new.txt" in status  # the project keeps its uploads in git


def test_undo_names_a_way_out_for_a_changed_file(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(site)
    assert vendor(site, "init", "--yes") == 0
    deployments = site / "deploy/deployments.toml"
    deployments.write_text(deployments.read_text() + "# ours\n")
    assert vendor(site, "init", "--undo") == 2
    step = capsys.readouterr().err.partition("next: ")[2]
    assert step.startswith("mv deploy/deployments.toml deploy/deployments.toml.mine && ")
    deployments.rename(f"{deployments}.mine")
    assert vendor(site, "init", "--undo") == 0
    kept = content(site)
    assert kept.pop("deploy/deployments.toml.mine").endswith(b"# ours\n")
    assert kept == before


def test_answers_for_a_project_that_has_moved_in_are_refused(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(site, "init", "--yes") == 0
    before = content(site)
    assert vendor(site, "init", "--set", "domain=other.example.org") == 2
    assert content(site) == before
    assert "the project was moved in before" in capsys.readouterr().err


def test_two_users_on_the_server_are_a_note(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = "remote_host=deploy@app1.example.org"
    assert vendor(site, "init", "--dry-run", "--set", host) == 0
    assert "pushes log in as deploy, and the site runs as www-data" in capsys.readouterr().out
    assert vendor(site, "init", "--dry-run", "--set", host, "--set", "deploy_user=deploy") == 0
    assert "pushes log in as" not in capsys.readouterr().out


@pytest.mark.parametrize("lines", ["src/\n", "*.whl\n", "requirements/\n*.json\n*.tar.gz"])
def test_vendored_files_are_not_ignored(lines: str, site: Path) -> None:
    (site / ".gitignore").write_text(lines)
    subprocess.run(["git", "-C", str(site), "init", "-q"], check=True)
    assert vendor(site, "init", "--yes") == 0
    (site / "requirements/.vendoring").mkdir(exist_ok=True)
    (site / "requirements/.vendoring/x").touch()
    words = ("status", "--porcelain", "--ignored", "--untracked-files=all", "--", "requirements")
    shown = subprocess.run(
        ["git", "-C", str(site), *words], capture_output=True, text=True, check=True
    ).stdout
    assert [line for line in shown.splitlines() if line.startswith("!!")] == [
        "!! requirements/.vendoring/x"
    ]
    assert vendor(site, "init", "--undo") == 0
    assert (site / ".gitignore").read_text() == lines


def test_byte_order_marks_do_not_stay(site: Path) -> None:
    for name, text in (("manage.py", MANAGE), ("pyproject.toml", "[tool.black]\n")):
        (site / name).write_text(text, encoding="utf-8-sig")
    assert vendor(site, "init", "--yes") == 0
    compile((site / "manage.py").read_bytes(), "manage.py", "exec")
    assert (site / "pyproject.toml").read_text().startswith("[tool.black]\n")
    assert vendor(site, "check") == 0
    assert vendor(site, "init", "--undo") == 0
    assert (site / "manage.py").read_text(encoding="utf-8") == f"\ufeff{MANAGE}"


@pytest.mark.parametrize("first", [b"# J\xf6rg\n", b"\n", b"#!/usr/bin/python2 -u\r\n"])
def test_encoding_of_manage_py_stays_declared(first: bytes, site: Path) -> None:
    """By PEP 263, the declaration is in the first two lines."""
    text = first + b"# -*- coding: latin-1 -*-\nname = '\xf6'\n" + MANAGE.encode()
    (site / "manage.py").write_bytes(text)
    assert vendor(site, "init", "--yes") == 0
    adopted = (site / "manage.py").read_bytes()
    assert adopted.startswith(b"#!ve/bin/python\n# -*- coding: latin-1 -*-\n")
    compile(adopted, "manage.py", "exec")
    assert vendor(site, "init", "--undo") == 0
    assert (site / "manage.py").read_bytes() == text
