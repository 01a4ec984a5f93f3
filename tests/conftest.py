"""What the tests share: a generated project, a tiny one, and what a test needs of the system.

Every test has a time limit (pytest-timeout, in pyproject.toml): it fails where it stands, with the
stack of each thread, and its fixtures end what it started.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.workermanage import NodeManager

from bootstrapper.ve.project import lockfile
from tests.support.shared import made_once, shared_directory, turn
from tests.support.site import DEBIAN_PYTHON, PYTHON_VERSION, USER, Site
from tests.support.wheels import lock_line, make_wheel

REPOSITORY = Path(__file__).resolve().parents[1]
TEMPLATE = REPOSITORY / "<<cookiecutter.project_slug>>"
Generate = Callable[..., Path]
TINY = "tiny-1.0-py3-none-any.whl"
# The directories whose tests start servers or programs of the system, or fetch packages.
SYSTEM = {"adopting", "deploy/cookbook", "deploy/story", "parity", "safety", "systems"}
# Fixtures that do so, for tests elsewhere.
SYSTEM_FIXTURES = {"fleet", "generate", "index", "rolf_project", "shop", "ssh_server", "story"}


def pytest_configure(config: pytest.Config) -> None:
    # Projects have Makefiles of their own, which must not know that one called us.
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        os.environ.pop(name, None)
    # The project's first line is `#!/usr/bin/env python3`; a shim of pyenv starts twenty processes.
    os.environ["PATH"] = f"{sys.base_prefix}/bin:{os.environ['PATH']}"
    # Wheels are compressed; git would compress them again in each commit and push.
    os.environ |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.compression",
        "GIT_CONFIG_VALUE_0": "0",
    }
    # `nohup make test &` ignores SIGINT and SIGHUP, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in (
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGALRM,
        signal.SIGCHLD,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGTSTP,
        signal.SIGTTIN,
        signal.SIGTTOU,
    ):
        signal.signal(ignored, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # Ctrl-C: the fixtures of the other processes get the time to end what they started.
    NodeManager.EXIT_TIMEOUT = 60


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark tests by what they need, before `-m` looks; then let those that take long begin."""
    for item in items:
        place = item.path.relative_to(REPOSITORY / "tests").parent
        if place.name in ("browser", "parity", "safety"):
            item.add_marker(place.name)
        fixtures = getattr(item, "fixturenames", ())
        if (
            not SYSTEM.isdisjoint([place.as_posix(), *map(str, place.parents)])
            or item.get_closest_marker("needs")
            or not SYSTEM_FIXTURES.isdisjoint(fixtures)
        ):
            item.add_marker("system")
    yield
    items.sort(
        key=lambda item: (
            item.get_closest_marker("system") is None,
            "rolf" not in item.path.parts[-3:],
        )
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Under `pytest -n`, run a test that is marked `alone` while the other processes wait."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    factory = item.config._tmp_path_factory  # type: ignore[attr-defined]
    with turn(shared_directory(factory), alone=item.get_closest_marker("alone") is not None):
        return (yield)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        missing = [program for program in mark.args if not shutil.which(program)]
        if missing:
            pytest.skip(f"needs {', '.join(missing)} (make test as root installs Debian's)")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where CI=true says that everything is there, a test that is skipped is one that fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped"):
        reporter.write_line("CI=true: a skipped test is a failure", red=True)
        session.exitstatus = 1


@pytest.fixture(scope="session", autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store of the tests' own, shared by them as one of a user's is by their projects.

    Each process has one: a test that edits an installed file edits it in all that share the store.
    """
    directory = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOTSTRAP_STORE", str(directory))
        yield directory


@pytest.fixture
def cold_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store for one test."""
    directory = tmp_path / "cold store"
    monkeypatch.setenv("BOOTSTRAP_STORE", str(directory))
    return directory


@pytest.fixture(scope="session")
def generate(tmp_path_factory: pytest.TempPathFactory) -> Generate:
    """`generate(database="sqlite", …)` runs cookiecutter, hooks and all; returns the project.

    python_version defaults to the one that runs the tests, database to sqlite.
    """

    def run(into: Path | None = None, **context: str) -> Path:
        into = into or tmp_path_factory.mktemp("generated")
        running = f"{sys.version_info.major}.{sys.version_info.minor}"
        answers = {"database": "sqlite", "python_version": running, **context}
        before = set(into.iterdir())
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "cookiecutter",
                "--no-input",
                "--output-dir",
                into,
                REPOSITORY,
                *(f"{name}={value}" for name, value in answers.items()),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (project,) = set(into.iterdir()) - before
        return project

    return run


@pytest.fixture(scope="session")
def generated(generate: Generate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One generated project, for tests that only read it."""
    directory = shared_directory(tmp_path_factory) / "generated"
    [project] = made_once(directory, lambda into: generate(into)).iterdir()
    return project


@pytest.fixture(scope="session")
def server_root() -> Iterator[Path]:
    """A directory that Apache's user may enter, which pytest's own are not."""
    directory = Path(tempfile.mkdtemp(prefix="www"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def site(server_root: Path, generate: Generate) -> Site:
    """A project as it is generated today, at home on a server."""
    answers = {
        "project_name": 'Fünf & "Söhne"',
        "project_slug": "first_site",
        "domain": "first.example",
        "python_version": PYTHON_VERSION,
        "database": "sqlite",
        "server_root": str(server_root),
        "deploy_user": USER,
    }
    directory = server_root / "first_site"
    shutil.move(generate(**answers), directory)
    run = bootstrap(directory, "--python", DEBIAN_PYTHON)
    assert run.returncode == 0, run.stderr
    return Site(directory=directory, domain="first.example").install()


@pytest.fixture
def tiny_project(generated: Path, tmp_path: Path) -> Path:
    """A project with one tiny distribution and the real tools; `ve/bin/tiny` prints its version.

    It is rebuilt in a second, so it is what faults are injected into. No ve yet.
    """
    project = tmp_path / "tiny project"
    source = project / lockfile.SOURCE
    source.mkdir(parents=True)
    shutil.copy(TEMPLATE / "bootstrap.py", project)
    shutil.copy(generated / lockfile.TOOLS, project / lockfile.TOOLS)
    ours = next((generated / lockfile.SOURCE).glob("bootstrapper-*.whl"))
    tools = [generated / file.path for file in lockfile.read(generated, lockfile.TOOLS)]
    for path in [ours, *tools]:
        shutil.copy(path, source)
    wheel = make_wheel(
        source,
        entry_points="[console_scripts]\ntiny = tiny:main\n",
        files={"tiny.py": "VERSION = '1.0'\ndef main() -> None:\n    print(VERSION)\n"},
    )
    (project / lockfile.APPS).write_text(lock_line(ours) + lock_line(wheel))
    return project


@pytest.fixture
def built_project(tiny_project: Path) -> Path:
    """The tiny project with a ve that works."""
    run = bootstrap(tiny_project)
    assert run.returncode == 0, run.stderr
    return tiny_project


def bootstrap(
    project: Path, *options: str, python: str | Path = sys.executable, prefix: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run ./bootstrap.py as a person would; `prefix` is a command to run it under."""
    return subprocess.run(
        [*prefix, python, "bootstrap.py", *options],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def ve_bootstrapper(project: Path, command: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m bootstrapper` of the project's ve."""
    return subprocess.run(
        [project / "ve/bin/python", "-m", "bootstrapper", command],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def ve_version(project: Path) -> str:
    """What the tiny project's ve says its version is; the ve works if this says anything."""
    return subprocess.run(
        [project / "ve/bin/tiny"], capture_output=True, text=True, check=True
    ).stdout.strip()


def replace_tiny(project: Path, **details: object) -> Path:
    """Put another tiny wheel into the project, its hash in the lock."""
    source = project / lockfile.SOURCE
    wheel = make_wheel(source, **details)  # type: ignore[arg-type]
    ours = next(source.glob("bootstrapper-*.whl"))
    (project / lockfile.APPS).write_text(lock_line(ours) + lock_line(wheel))
    if wheel.name != TINY:
        (source / TINY).unlink()
    return wheel
