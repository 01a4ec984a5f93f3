"""A command does nothing twice: it asks uv each question once, and imports what it needs."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import PYTHON, MakeProject, files, vendor
from vendor_fetch.sync import project_resolver

TARGETS = """targets = [
    { python = "3.11", platform = "linux-x86_64" },
    { python = "3.12", platform = "linux-x86_64" },
    { python = "3.12", platform = "macos-arm64" },
]"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What uv is asked about the index."""
    found: list[tuple[object, ...]] = []
    resolve = project_resolver.resolve

    def recording(lines: list[str], **options: Any) -> object:
        scope = options["scope"]
        if scope.index is not None:
            pins, limits = sorted(options["pinned"].items()), options["constraints"]
            found.append((options["target"], *lines, *pins, *limits, scope.source))
        return resolve(lines, **options)

    monkeypatch.setattr(project_resolver, "resolve", recording)
    return found


def test_sync_asks_uv_nothing_twice(
    index: Index, make_project: MakeProject, asked: list[tuple[object, ...]]
) -> None:
    later = 'python_full_version >= "3.11.4"'
    make_wheel(index.directory, "app", requires=[f"new ; {later}", "shared"])
    make_wheel(index.directory, "new")
    make_wheel(index.directory, "shared")
    project = make_project("app", settings=TARGETS)
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(f"=={PYTHON}.*", ">=3.11"))
    assert vendor(project) == 0
    assert len(asked) == len(set(asked))
    # The three targets, Python 3.11.4, and the tools of the targets.
    assert len(asked) == 3 + 1 + 3
    assert vendor(project, "check") == 0


def test_upgrade_leaves_vendored_files_aside(
    index: Index, make_project: MakeProject, asked: list[tuple[object, ...]]
) -> None:
    for name in ("app", "other"):
        make_wheel(index.directory, name)
    project = make_project("app", "other")
    assert vendor(project) == 0
    asked.clear()
    make_wheel(index.directory, "app", "2.0")
    assert vendor(project, "upgrade", "app") == 0
    assert {each[-1] for each in asked} == {None}
    assert files(project) == ["app-2.0-py3-none-any.whl", "other-1.0-py3-none-any.whl"]


def test_upgrade_keeps_a_version_that_the_index_has_no_longer(
    index: Index, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "app")
    old = make_wheel(index.directory, "other")
    project = make_project("app", "other")
    assert vendor(project) == 0
    old.unlink()
    for name in ("app", "other"):
        make_wheel(index.directory, name, "2.0")
    assert vendor(project, "upgrade", "app") == 0
    assert files(project) == ["app-2.0-py3-none-any.whl", "other-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(("words", "imported"), [("check", 0), ("", 0), ("init --help", 1)])
def test_rare_commands_are_imported_when_they_are_named(
    words: str, imported: int, index: Index, make_project: MakeProject
) -> None:
    code = (
        "import sys; from vendor_fetch.__main__ import parser\n"
        "parser(['--project', sys.argv[1], '-q', *sys.argv[2:]])\n"
        "print('vendor_fetch.adopt.adoption' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(make_project("app")), *words.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == f"{bool(imported)}\n"


def test_misspelt_rare_command_has_its_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        vendor(Path(), "inti")
    assert '"inti" is not a command; did you mean "init"?' in capsys.readouterr().err
