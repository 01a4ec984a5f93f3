"""Tarballs are built once, without a network, with vendored build requirements."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from tests.conftest import bootstrap
from tests.support.processes import wait_until_gone
from tests.support.tarballs import make_tarball
from tests.support.wheels import lock_line, make_wheel
from tests.support.without_linux import other_system
from tests.ve.tarball.conftest import METADATA, MODULE, SETUP, add, vendor, version, wheels

C_MODULE = """
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "odd", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_odd(void) {
    PyObject *made = PyModule_Create(&module);
    PyModule_AddStringConstant(made, "VERSION", "1.0");
    return made;
}
"""
C_SETUP = (
    "from setuptools import Extension, setup\nsetup(name='odd', version='1.0', "
    "ext_modules=[Extension('odd', ['odd.c'])])\n"
)
needs_headers = pytest.mark.skipif(
    not os.path.exists(sysconfig.get_path("include") + "/Python.h"),
    reason="needs Python.h (make test as root installs Debian's)",
)


BACKENDS = {
    "setuptools": {
        "build": ["setuptools>=77"],
        "backend": "setuptools.build_meta",
        "files": {**MODULE, "setup.py": SETUP},
    },
    "setuptools, without pyproject.toml": {},
    "setuptools, without a backend's name": {"build": ["setuptools"]},
    "hatchling": {
        "build": ["hatchling"],
        "backend": "hatchling.build",
        "files": {"odd/__init__.py": "VERSION = '1.0'\n", "pyproject.toml": METADATA},
    },
    "hatchling with plugins": {
        "build": ["hatchling>=1.27", "hatch-vcs", "hatch-fancy-pypi-readme"],
        "backend": "hatchling.build",
        "files": {
            "odd/__init__.py": "VERSION = '1.0'\n",
            "pyproject.toml": "[project]\nname = 'odd'\ndynamic = ['version']\n"
            "[tool.hatch.version]\nsource = 'vcs'\n",
        },
    },
    "poetry-core": {
        "build": ["poetry-core>=2"],
        "backend": "poetry.core.masonry.api",
        "files": {**MODULE, "pyproject.toml": METADATA + "description = 'odd'\n"},
    },
    "pdm-backend": {
        "build": ["pdm-backend"],
        "backend": "pdm.backend",
        "files": {**MODULE, "pyproject.toml": METADATA},
    },
    "flit_core": {
        "build": ["flit_core >=3.2,<4"],
        "backend": "flit_core.buildapi",
        "files": {**MODULE, "pyproject.toml": METADATA + "description = 'odd'\n"},
    },
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_builds(project: Path, backend: str) -> None:
    add(project, **BACKENDS[backend])
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    assert version(project) == "1.0"


def test_tarball_is_built_once(project: Path, cold_store: Path) -> None:
    add(project)
    assert "build       1/1" in bootstrap(project).stdout
    assert "build" not in bootstrap(project).stdout
    assert version(project) == "1.0"
    (wheel,) = wheels(cold_store)
    wheel.chmod(0o644)
    wheel.write_bytes(b"damaged")
    shutil.rmtree(next(cold_store.glob("*/cpython-*")))
    assert "build       1/1" in bootstrap(project).stdout
    assert version(project) == "1.0"


def test_changed_tools_rebuild_the_wheel(project: Path, cold_store: Path) -> None:
    add(project)
    assert bootstrap(project).returncode == 0
    vendor(project, make_wheel(project / lockfile.SOURCE, "tool"), "tools.txt")
    assert "build       1/1" in bootstrap(project).stdout
    assert len(wheels(cold_store)) == 2


def test_backend_inside_the_tarball_works(project: Path) -> None:
    add(
        project,
        build=["flit_core"],
        backend="own",
        backend_path="backend",
        files={
            **MODULE,
            "pyproject.toml": METADATA + "description = 'odd'\n",
            "backend/own.py": "from flit_core.buildapi import *\n",
        },
    )
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    assert version(project) == "1.0"


def asking(requirement: str) -> dict[str, object]:
    """Return a tarball whose backend asks for a requirement when it is called."""
    return {
        "build": ["flit_core"],
        "backend": "own",
        "backend_path": "backend",
        "files": {
            **MODULE,
            "pyproject.toml": METADATA + "description = 'odd'\n",
            "backend/own.py": "from flit_core.buildapi import *\n"
            f"def get_requires_for_build_wheel(_): return [{requirement!r}]\n",
        },
    }


@pytest.mark.parametrize("lock", ["apps.txt", "tools.txt"])
def test_requirements_of_the_backend_are_installed(
    project: Path, cold_store: Path, lock: str
) -> None:
    asked = vendor(project, make_wheel(project / lockfile.SOURCE, "asked"), lock)
    details = asking("asked>=1")
    details["files"]["backend/own.py"] += (  # type: ignore[index]
        "def build_wheel(*all):\n    import asked\n    import flit_core.buildapi as flit\n"
        "    return flit.build_wheel(*all)\n"
    )
    add(project, **details)
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    # The built wheel depends on it.
    lines = project / "requirements" / lock
    lines.write_text(lines.read_text().replace(lock_line(asked), ""))
    asked.unlink()
    vendor(project, make_wheel(project / lockfile.SOURCE, "asked", "2.0"), lock)
    assert "build       1/1" in bootstrap(project).stdout


def test_tarball_of_a_tool_is_built_first(project: Path) -> None:
    vendor(
        project,
        make_tarball(
            project / lockfile.SOURCE,
            "maker",
            build=["flit_core"],
            backend="flit_core.buildapi",
            files={
                "maker.py": "from flit_core.buildapi import *\n",
                "pyproject.toml": "[project]\nname = 'maker'\nversion = '1.0'\ndescription = 'x'\n"
                "dependencies = ['flit_core']\n",
            },
        ),
        "tools.txt",
    )
    add(
        project,
        build=["maker"],
        backend="maker",
        files={**MODULE, "pyproject.toml": METADATA + "description = 'odd'\n"},
    )
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    assert version(project) == "1.0"


def test_circular_build_requirements_are_refused(project: Path) -> None:
    for name, other in (("odd", "even"), ("even", "odd")):
        add(project, name=name, build=[other], backend=other)
    run = bootstrap(project)
    assert run.returncode == 1
    assert "tarballs that need each other: even-1.0.tar.gz, odd-1.0.tar.gz" in run.stderr


@pytest.mark.parametrize(
    ("details", "says", "next_step"),
    [
        (
            {"build": ["nowhere>=2"]},
            "its build needs nowhere>=2, which is not vendored",
            "  next: env PYTHONPATH=requirements/src/bootstrapper-",
        ),
        (
            {"build": ["setuptools>=999"]},
            r"its build needs setuptools>=999, but "
            r"setuptools-[\d.]+-py3-none-any\.whl is vendored",
            "  next: env PYTHONPATH=requirements/src/bootstrapper-",
        ),
        (
            asking("nowhere"),
            "its build needs nowhere, which is not vendored",
            "  next: ${EDITOR:-vi} pyproject.toml  # add it to build-requires of "
            "[tool.vendor_fetch], then: env PYTHONPATH=requirements/src/bootstrapper-",
        ),
    ],
    ids=["not vendored", "too old", "asked for by the backend"],
)
def test_missing_build_requirement_is_reported(
    project: Path, details: dict[str, object], says: str, next_step: str
) -> None:
    add(project, **details)
    run = bootstrap(project)
    assert run.returncode == 1
    assert re.search(f"requirements/src/odd-1.0.tar.gz: .*{says}\n", run.stderr)
    command = re.escape(next_step) + r"\S+\.whl python3 -P -m vendor_fetch sync\n$"
    assert re.search(command, run.stderr)
    assert not (project / "ve").exists()


@pytest.mark.needs("gcc")
@needs_headers
def test_c_extension_is_built(project: Path, cold_store: Path) -> None:
    add(project, files={"odd.c": C_MODULE, "setup.py": C_SETUP})
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    assert version(project) == "1.0"
    output = subprocess.run(
        [project / "ve/bin/python", "-c", "import odd; print(odd.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert os.fsencode(cold_store) not in Path(output).read_bytes()


def test_missing_compiler_is_reported(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(project, files={"odd.c": C_MODULE, "setup.py": C_SETUP})
    monkeypatch.setenv("PATH", str(tmp_path))
    run = bootstrap(project)
    assert run.returncode == 1
    assert re.search(
        r"requirements/src/odd-1.0.tar.gz: its build needs a C compiler, and "
        r"\S+ is missing",
        run.stderr,
    )
    assert "apt-get install build-essential" in run.stderr.splitlines()[-1]


@pytest.mark.needs("gcc")
@pytest.mark.parametrize(
    ("include", "says"),
    [
        ("Python.h", "Python's header files, and Python.h is missing"),
        ("libpq-odd.h", "the header files of a library, and libpq-odd.h is missing"),
    ],
)
def test_missing_header_files_are_reported(project: Path, include: str, says: str) -> None:
    # -nostdinc: the compiler finds no headers, as if none were installed.
    setup = "import os\nos.system('gcc -nostdinc -I. -c odd.c') and exit(1)\n"
    add(project, files={"odd.c": f"#include <{include}>\n", "setup.py": setup})
    run = bootstrap(project)
    assert run.returncode == 1
    assert f"its build needs {says}" in run.stderr


@pytest.mark.parametrize("options", [(), ("--no-store",)], ids=["store", "no store"])
def test_failed_build_prints_its_end_and_keeps_its_log(
    project: Path, options: tuple[str, ...]
) -> None:
    add(project, files={"setup.py": "for i in range(100): print('line', i)\n1 / 0\n"})
    run = bootstrap(project, *options)
    assert run.returncode == 1
    assert "odd-1.0.tar.gz: its build failed:\n" in run.stderr
    assert "ZeroDivisionError: division by zero" in run.stderr
    assert "line 50" not in run.stderr
    log = re.search("full log: (.*)", run.stderr)
    assert log
    assert "line 50" in Path(log[1]).read_text()


def test_builds_are_reproducible(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = shutil.which("gcc") and not needs_headers.args[0]
    add(
        project,
        files={"odd.c": C_MODULE, "setup.py": C_SETUP}
        if compiled
        else {**MODULE, "setup.py": SETUP},
    )
    found = []
    for number in range(2):
        store = tmp_path / f"store-{number}"
        monkeypatch.setenv("BOOTSTRAP_STORE", str(store))
        monkeypatch.setenv("TZ", f"UTC+{number}")
        assert bootstrap(project).returncode == 0
        (wheel,) = wheels(store)
        found.append(wheel.read_bytes())
        time.sleep(2)  # a zip archive's times are two seconds apart
    assert found[0] == found[1]


def test_build_ignores_settings_of_the_user(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".pydistutils.cfg").write_text("[bdist_wheel]\npython_tag = py9\n")
    (home / "stray.py").write_text("")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHONPATH", str(home))
    monkeypatch.setenv("PIP_INDEX_URL", "x")
    monkeypatch.setenv("DIST_EXTRA_CONFIG", str(home / ".pydistutils.cfg"))
    monkeypatch.setenv("SECRET", "x")
    add(
        project,
        files={
            **MODULE,
            "setup.py": SETUP
            + (
                "import os, sys, importlib.util\n"
                "assert not {'SECRET', 'PYTHONPATH', 'PIP_INDEX_URL'} & set(os.environ), os.environ\n"
                "for name in ('stray', 'bootstrapper', 'pip', 'hatchling'):\n"
                "    assert not any(importlib.machinery.PathFinder.find_spec(name) for _ in 'x'), name\n"
                "assert not os.listdir(os.path.expanduser('~'))\n"
            ),
        },
    )
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    assert version(project) == "1.0"


def test_build_has_no_network(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        server.settimeout(0)
        add(
            project,
            files={
                **MODULE,
                "setup.py": SETUP
                + (f"import socket\nsocket.create_connection({address!r}).send(b'x')\n"),
            },
        )
        run = bootstrap(project)
        assert run.returncode == 1
        assert "builds have no network" in run.stderr
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("how", ["Ctrl-C", "kill", "kill -9"])
def test_build_leaves_no_process(project: Path, cold_store: Path, how: str) -> None:
    add(
        project,
        files={
            **MODULE,
            "setup.py": "import os, subprocess\nchild = subprocess.Popen(['sleep', '300'])\n"
            "open(os.path.expanduser('~/child'), 'w').close()\nchild.wait()\n",
        },
    )
    run = subprocess.Popen(
        [sys.executable, "bootstrap.py"],
        cwd=project,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not list(cold_store.glob("*/unfinished/*/*/home/child")):
        assert run.poll() is None
        time.sleep(0.05)
    if how == "Ctrl-C":
        os.killpg(run.pid, signal.SIGINT)
    else:
        run.send_signal(signal.SIGTERM if how == "kill" else signal.SIGKILL)
    run.communicate(timeout=60)
    assert run.returncode == (-signal.SIGKILL if how == "kill -9" else 130)
    wait_until_gone(run.pid)


def test_background_process_of_a_build_is_killed(project: Path) -> None:
    add(
        project,
        files={
            **MODULE,
            "setup.py": SETUP + "import subprocess\nsubprocess.Popen(['sleep', '300'])\n",
        },
    )
    run = subprocess.Popen(
        [sys.executable, "bootstrap.py"],
        cwd=project,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    assert run.wait(timeout=60) == 0
    wait_until_gone(run.pid)


@pytest.mark.usefixtures("cold_store")
def test_building_without_the_calls_of_linux(project: Path, tmp_path: Path) -> None:
    """As on macOS, whose Python before 3.13 has no waitid."""
    add(project)
    system = other_system(tmp_path / "other system")
    run = system.run(system.python, "bootstrap.py", cwd=project)
    assert run.returncode == 0, run.stderr
    assert version(project) == "1.0"
