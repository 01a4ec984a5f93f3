"""Generated projects rebuild offline, pass their tests, run, and are reproducible."""

import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Generate, bootstrap
from tests.support.setting_names import names_that_nothing_reads

NO_NETWORK = ("unshare", "-n") if os.getuid() == 0 else ("unshare", "-rn")
PROJECTS = {
    "PostgreSQL and wheels": {"database": "postgresql"},
    "SQLite and wheels": {"database": "sqlite"},
    "PostgreSQL and tarballs": {"database": "postgresql", "vendor_format": "tarball"},
    "SQLite and tarballs": {"database": "sqlite", "vendor_format": "tarball"},
    "an odd name": {
        "project_name": """Ça & "l'été" \\ <日本> {{ x }} %s 🐍""",
        "project_slug": "odd",
        "description": """It's "quoted" & <b>odd</b>""",
    },
}


def run(project: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.needs("unshare")
@pytest.mark.parametrize("kind", PROJECTS)
def test_offline_rebuild_passes_the_projects_tests(generate: Generate, kind: str) -> None:
    project = generate(**PROJECTS[kind])
    tarballs = sorted((project / "requirements/src").glob("*.tar.gz"))
    assert any(path.name.startswith("django-5.2") for path in tarballs) == ("tarball" in kind)
    rebuilt = bootstrap(project, prefix=NO_NETWORK)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "OK" in run(project, "make", "test")
    run(project, "make", "check")
    run(project, "ve/bin/python", "-m", "bootstrapper", "check")
    run(project, sys.executable, "-m", "vendor_fetch", "check")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_settings_modules_hold_settings_only(generate: Generate, database: str) -> None:
    project = generate(database=database, project_slug="shop")
    assert bootstrap(project).returncode == 0
    modules = ["base", "dev", "production", "staging", "test"]
    assert names_that_nothing_reads(project, "shop") == {name: [] for name in modules}
    with (project / "shop/settings/base.py").open("a") as base:
        base.write("SENTRY = {}\n")
    assert names_that_nothing_reads(project, "shop") == {name: ["SENTRY"] for name in modules}


@pytest.mark.parametrize("server", ["asgi", "wsgi"])
def test_server_entry_points_default_to_production(generated: Path, server: str) -> None:
    assert bootstrap(generated).returncode == 0
    package = next(generated.glob("*/wsgi.py")).parent.name
    for chosen, expected in (
        ({}, "production"),
        ({"DJANGO_SETTINGS_MODULE": f"{package}.settings.staging"}, "staging"),
    ):
        environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "k" * 50, **chosen}
        done = subprocess.run(
            [
                "ve/bin/python",
                "-c",
                f"from {package}.{server} import application\n"
                "from django.conf import settings\nprint(settings.SETTINGS_MODULE)",
            ],
            cwd=generated,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == f"{package}.settings.{expected}\n", done.stderr


def test_development_key_is_marked_as_insecure(generated: Path) -> None:
    assert bootstrap(generated).returncode == 0
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": ""}
    done = subprocess.run(
        [
            "./manage.py",
            "shell",
            "-v0",
            "-c",
            "from django.conf import settings\nprint(settings.SECRET_KEY)",
        ],
        cwd=generated,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("django-insecure-")


def test_runserver_passes_the_smoke_test(generated: Path, tmp_path: Path) -> None:
    assert bootstrap(generated).returncode == 0
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}"}
    subprocess.run(["./manage.py", "migrate", "-v0"], cwd=generated, env=environment, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        ["./manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
        cwd=generated,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None and time.monotonic() < end
                time.sleep(0.1)
        run_here = subprocess.run(
            ["./manage.py", "smoketest", f"http://127.0.0.1:{port}"],
            cwd=generated,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run_here.returncode == 0, run_here.stdout + run_here.stderr
    finally:
        server.terminate()
        server.wait()


def test_unreachable_database_names_the_next_command(generate: Generate, tmp_path: Path) -> None:
    project = generate(database="postgresql", project_slug="shop")
    assert bootstrap(project).returncode == 0
    edit = f"  next: ${{EDITOR:-vi}} {project}/.env  # correct DATABASE_URL"
    answers = {
        "postgres:///shop": "  next: sudo systemctl start postgresql",
        "postgres://me:secret@127.0.0.1:9/shop": f"{edit}, or start the server at 127.0.0.1",
        f"sqlite:///{tmp_path}/missing/db": f"{edit}, or let this user write to that directory",
    }
    ask = ["shell", "-c", "from accounts.models import User; User.objects.get()"]

    def manage(address: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["./manage.py", *words],
            cwd=project,
            # An empty directory for the server's socket: there is no server here.
            env={**os.environ, "DATABASE_URL": address, "PGHOST": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    for address, next_step in answers.items():
        for words in (["migrate"], ask):
            done = manage(address, *words)
            assert done.returncode == 1
            assert done.stderr.startswith("database ")
            assert done.stderr.splitlines()[-1] == next_step
            assert "Traceback" not in done.stderr
            assert "secret" not in done.stderr
        assert "Traceback" in manage(address, "migrate", "--traceback").stderr
    # An error of the site's own code keeps its traceback.
    done = manage(f"sqlite:///{tmp_path}/empty.sqlite3", *ask)
    assert "Traceback" in done.stderr
    assert "no such table" in done.stderr


def test_generation_is_reproducible(generate: Generate, generated: Path) -> None:
    first, second = (contents(project) for project in (generated, generate()))
    assert first == second


def contents(project: Path) -> dict[str, str]:
    """Return a hash of each file, except those that differ between projects."""
    return {
        path.relative_to(project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(project.rglob("*"))
        if path.is_file()
        and path.relative_to(project).parts[0] not in ("ve", ".env")
        and "__pycache__" not in path.parts
    }


def test_pip_installs_the_same_packages(generated: Path, tmp_path: Path) -> None:
    """The lock file is a plain requirements file."""
    pip = next((generated / "requirements/src").glob("pip-*.whl"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "ve"], check=True)
    subprocess.run(
        [
            tmp_path / "ve/bin/python",
            pip / "pip",
            "--isolated",
            "install",
            "-q",
            "--no-index",
            "--no-deps",
            "--require-hashes",
            "--no-warn-script-location",
            "-r",
            "requirements/apps.txt",
        ],
        cwd=generated,
        check=True,
    )
    assert bootstrap(generated).returncode == 0
    pips, ours = (
        sorted(path.name for path in ve.glob("lib/python*/site-packages/*.dist-info"))
        for ve in (tmp_path / "ve", generated / "ve")
    )
    assert pips == ours


def test_project_can_vendor_without_the_template(generated: Path, tmp_path: Path) -> None:
    """The wheel in requirements/src/ is enough, and no index is needed."""
    wheel = next((generated / "requirements/src").glob("bootstrapper-*.whl"))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(wheel)!r}); "
            "import vendor_fetch.__main__ as v; print(v.__file__); sys.exit(v.main(['check']))",
        ],
        cwd=generated,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(REPOSITORY) not in done.stdout
