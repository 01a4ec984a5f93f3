"""Files named like modules of the standard library replace nothing where commands are run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import bootstrap
from tests.support.rendering import render

# Python imports these for `-m`, before our code runs: only -P keeps them out.
PYTHONS_OWN = {
    "importlib",
    "types",
    "warnings",
    "contextlib",
    "collections",
    "functools",
    "enum",
    "operator",
    "keyword",
    "reprlib",
    "threading",
    "abc",
    "os",
    "io",
    "stat",
    "site",
}
WINDOWS = {
    "nt",
    "winreg",
    "winsound",
    "msvcrt",
    "msilib",
}  # modules of Windows that others try to import
ROOT = Path(__file__).resolve().parents[2]


def shadows(directory: Path) -> Path:
    """Write modules that report when they are imported."""
    directory.mkdir(exist_ok=True)
    for name in sys.stdlib_module_names - PYTHONS_OWN - WINDOWS:
        if not name.startswith("_"):
            (directory / f"{name}.py").write_text(
                f"import sys\nsys.stderr.write('shadowed {name}')\nsys.exit(9)\n"
            )
    return directory


def run(*words: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words,
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("bootstrapper", "--help"),
        ("bootstrapper", "deploy", "--help"),
        ("bootstrapper", "rebuild", "--help"),
        ("bootstrapper", "store", "info"),
        ("vendor_fetch", "--help"),
        ("vendor_fetch", "sync", "--help"),
    ],
)
def test_command_ignores_modules_in_current_directory(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = run(sys.executable, "-m", *words, cwd=shadows(tmp_path / "here"), HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("package", ["bootstrapper", "vendor_fetch"])
def test_checkout_runs_its_own_packages(tmp_path: Path, package: str) -> None:
    for name in ("bootstrapper", "vendor_fetch"):
        (tmp_path / name).symlink_to(ROOT / name)
    shadows(tmp_path)
    done = run(sys.executable, "-m", package, "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_bootstrap_ignores_modules_of_the_project(tiny_project: Path) -> None:
    shadows(tiny_project)
    done = bootstrap(tiny_project)
    assert (done.returncode, "shadowed" in done.stderr) == (0, False), done.stderr


def test_manage_imports_the_standard_library(tmp_path: Path) -> None:
    project = shadows(render(tmp_path / "rendered", project_name="Pets"))
    (project / "mine.py").write_text("NAME = 'the project'\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "ve"], check=True)
    (site,) = (tmp_path / "ve/lib").glob("python3*/site-packages")
    for module, code in {
        "django/core/management": "import json, token, mine\n"
        "def execute_from_command_line(argv): print(mine.NAME)\n",
        "django/db": "OperationalError = Exception\nconnections = connection = None\n",
        "django": "",
        "django/core": "",
        "environ": "class Env:\n    def read_env(self, path): pass\n",
        "psycopg": "",
    }.items():
        (site / module).mkdir(parents=True, exist_ok=True)
        (site / module / "__init__.py").write_text(code)
    done = run(str(tmp_path / "ve/bin/python"), "manage.py", "check", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the project\n", "")
