import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, TOOLS, read
from tests.support.index import Index
from tests.support.small_template import ROOT, small_template
from tests.support.wheels import make_wheel
from tests.vendor.conftest import COMPILED, MakeProject, snapshot, vendor


@pytest.fixture
def template(tmp_path: Path, index: Index) -> Path:
    return small_template(tmp_path / "template", index)


def command(template: Path | str, out: Path, *words: str) -> list[str | Path]:
    return [sys.executable, "-m", "cookiecutter", "--no-input", "-o", out, *words, str(template)]


def generate(template: Path, out: Path, **answers: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*command(template, out), *(f"{key}={value}" for key, value in answers.items())],
        capture_output=True,
        text=True,
        check=False,
    )


def test_generated_project_has_all_files(template: Path, tmp_path: Path) -> None:
    done = generate(template, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    project = tmp_path / "out/site"
    assert [file.distribution.name for file in read(project, APPS)] == ["bootstrapper", "tiny"]
    assert [file.distribution.name for file in read(project, TOOLS)] == ["pip", "virtualenv"]
    assert "./requirements/src/bootstrapper-" in (project / "requirements/apps.in").read_text()
    for name in ("manage.py", "bootstrap.py"):
        assert (project / name).stat().st_mode & 0o777 == 0o755
    assert f"cd {project}\n    ./bootstrap.py\n    ./manage.py migrate\n" in done.stdout
    assert vendor(project, "check") == 0


def test_scripts_of_an_unzipped_template_are_executable(template: Path, tmp_path: Path) -> None:
    scripts = ("manage.py", "bootstrap.py", "apache/reload", "deploy/recipes/shared")
    for name in scripts:
        (template / ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (template / ROOT / name).write_text("#!/bin/bash\n")
        (template / ROOT / name).chmod(0o644)
    (template / ROOT / "apache/django.wsgi").write_text("# no script\n")
    done = generate(template, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    project = tmp_path / "out/site"
    assert [(project / name).stat().st_mode & 0o777 for name in scripts] == [0o755] * 4
    assert (project / "apache/django.wsgi").stat().st_mode & 0o111 == 0


def test_generated_project_is_in_sync(template: Path, tmp_path: Path, index: Index) -> None:
    for vendor_format in ("wheel", "tarball"):
        out = tmp_path / vendor_format
        assert generate(template, out, vendor_format=vendor_format).returncode == 0
        before = snapshot(out)
        assert vendor(out / "site") == 0
        assert snapshot(out) == before


def test_same_template_gives_the_same_bytes(template: Path, tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        assert generate(template, tmp_path / name).returncode == 0
        contents.append(
            {
                path: content
                for path, (_, content) in snapshot(tmp_path / name / "site").items()
                if path != ".env"
            }
        )
    assert contents[0] == contents[1]


def test_secret_key_is_unique_and_private(template: Path, tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        assert generate(template, tmp_path / name).returncode == 0
        env = tmp_path / name / "site/.env"
        assert env.stat().st_mode & 0o777 == 0o600
        comment, key, rest = env.read_text().splitlines()
        assert (comment, rest) == ("# The key.", "DEBUG=1")
        assert len(key.removeprefix("SECRET_KEY=")) >= 50
        keys.add(key)
    assert len(keys) == 2


def test_second_generation_keeps_the_env_file(template: Path, tmp_path: Path) -> None:
    assert generate(template, tmp_path / "out").returncode == 0
    env = (tmp_path / "out/site/.env").read_text()
    done = subprocess.run(command(template, tmp_path / "out", "--overwrite-if-exists"), check=False)
    assert done.returncode == 0
    assert (tmp_path / "out/site/.env").read_text() == env


def test_path_of_the_template_may_be_relative(template: Path, tmp_path: Path) -> None:
    subprocess.run(command(".", tmp_path / "out"), cwd=template, check=True, capture_output=True)
    assert (tmp_path / "out/site/requirements/apps.txt").is_file()


def test_generation_with_warm_cache_needs_no_index(
    template: Path, tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert generate(template, tmp_path / "one").returncode == 0
    index.stop()
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    # A uv that can't be run, before the one of the tools environment.
    (tmp_path / "broken/uv").mkdir(parents=True)
    (tmp_path / "broken/uv/__init__.py").write_text("raise SystemExit('uv was asked')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    done = generate(template, tmp_path / "two")
    assert done.returncode == 0, done.stderr


def test_generation_without_network_leaves_no_project(
    template: Path, tmp_path: Path, index: Index
) -> None:
    index.stop()
    done = generate(template, tmp_path / "out")
    assert done.returncode != 0
    assert "the index: error: " in done.stderr
    assert "  # when the index that pip or uv is configured for can be reached" in done.stderr
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "Hook script failed" not in done.stdout + done.stderr
    assert not (tmp_path / "out/site").exists()


def test_wrong_hash_leaves_no_project(template: Path, tmp_path: Path, index: Index) -> None:
    index.corrupt.add(f"tiny-1.0-{COMPILED}.whl")
    done = generate(template, tmp_path / "out")
    assert done.returncode != 0
    assert "sent a file whose sha256 is" in done.stderr
    assert not (tmp_path / "out/site").exists()


def test_other_file_of_that_name_leaves_no_project(
    template: Path, tmp_path: Path, index: Index
) -> None:
    make_wheel(index.directory, "tiny", tag=COMPILED, files={"tiny.py": "EVIL = True\n"})
    done = generate(template, tmp_path / "out")
    assert done.returncode != 0
    assert f"tiny-1.0-{COMPILED}.whl: the index has no such file with sha256" in done.stderr
    assert not (tmp_path / "out/site").exists()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_generation_leaves_no_project(
    kind: signal.Signals, template: Path, tmp_path: Path, index: Index
) -> None:
    index.stalled.add(f"tiny-1.0-{COMPILED}.whl")
    run = subprocess.Popen(
        command(template, tmp_path / "out"),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert index.reached.wait(60)
    os.killpg(run.pid, kind)
    index.release.set()
    _, printed = run.communicate(timeout=60)  # until the hook has closed its end, too
    assert run.returncode != 0
    assert "interrupted; no project has been made\n  next: " in printed
    assert "Traceback" not in printed
    assert not (tmp_path / "out/site").exists()


def test_interrupted_generation_keeps_existing_files(
    template: Path, tmp_path: Path, index: Index
) -> None:
    precious = tmp_path / "out/site/precious.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine")
    index.stalled.add(f"tiny-1.0-{COMPILED}.whl")
    run = subprocess.Popen(
        command(template, tmp_path / "out", "--overwrite-if-exists"),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert index.reached.wait(60)
    os.killpg(run.pid, signal.SIGINT)
    index.release.set()
    run.communicate(timeout=60)
    assert precious.read_text() == "mine"


def test_generation_for_an_unlocked_python_syncs(
    make_project: MakeProject,
    index: Index,
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bootstrapper.progress import Progress
    from vendor_fetch.template import generation

    make_wheel(index.directory, "helper")
    project = make_project("helper")
    for name in ("manage.py", "bootstrap.py", ".env.example"):
        shutil.copy(template / ROOT / name, project)
    monkeypatch.setattr(generation, "locked_pythons", lambda template: {"3.10"})
    generation.complete_project(
        template,
        project,
        typed=str(template),
        answers={"database": "sqlite"},
        progress=Progress(),
    )
    assert [file.distribution.name for file in read(project, APPS)] == ["bootstrapper", "helper"]
