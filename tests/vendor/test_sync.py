import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, TOOLS, read
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import (
    COMPILED,
    PYTHON,
    TAG,
    MakeProject,
    changes,
    files,
    snapshot,
    vendor,
)

REPOSITORY = Path(__file__).resolve().parents[2]


def test_sync_fetches_and_locks_every_file(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny", requires=["helper>=1"])
    make_wheel(index.directory, "helper", "1.5")
    project = make_project("tiny")
    assert vendor(project) == 0
    assert files(project) == ["helper-1.5-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"]
    assert [file.path.name for file in read(project, APPS)] == files(project)
    assert [file.distribution.name for file in read(project, TOOLS)] == ["pip", "virtualenv"]
    assert changes(capsys.readouterr().out)["helper"] == ["1.5", "0.00 MB", "tiny"]
    assert vendor(project, "check") == 0


def test_old_virtualenv_of_the_site_is_not_the_one_of_the_rebuild(
    index: Index, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "virtualenv", "16.7")
    project = make_project("virtualenv==16.7")
    assert vendor(project) == 0
    [app] = [file.distribution.version for file in read(project, APPS)]
    tools = {file.distribution.name: file.distribution.version for file in read(project, TOOLS)}
    assert app == "16.7"
    assert tools["virtualenv"] not in ("", "16.7")


def test_pip_installs_the_same_set(index: Index, make_project: MakeProject, tmp_path: Path) -> None:
    make_wheel(index.directory, "pure")
    make_wheel(index.directory, "compiled", tag=COMPILED, pure=False)
    make_wheel(index.directory, "stable", tag=COMPILED.replace(f"{TAG}-{TAG}", "cp39-abi3"))
    project = make_project("pure", "compiled", "stable")
    assert vendor(project, "-q") == 0
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--no-index",
            "--no-deps",
            "--require-hashes",
            "--quiet",
            "--target",
            tmp_path / "installed",
            "-r",
            "requirements/apps.txt",
        ],
        cwd=project,
        check=True,
    )
    installed = {path.name for path in (tmp_path / "installed").glob("*.dist-info")}
    assert installed == {f"{name}-1.0.dist-info" for name in ("pure", "compiled", "stable")}


def test_marker_of_a_compiled_wheel_names_its_target(
    index: Index, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "compiled", tag=COMPILED)
    make_wheel(index.directory, "stable", tag=COMPILED.replace(f"{TAG}-{TAG}", "cp39-abi3"))
    project = make_project("compiled", "stable")
    assert vendor(project) == 0
    machine = f'sys_platform == "linux" and platform_machine == "{os.uname().machine}"'
    assert [str(file.marker) for file in read(project, APPS)] == [
        f'python_version == "{PYTHON}" and {machine}',
        f'python_version >= "3.9" and {machine}',
    ]


def test_second_sync_touches_nothing(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    before = snapshot(project)
    index.stop()
    capsys.readouterr()
    assert vendor(project) == 0
    assert capsys.readouterr().out == (
        "Nothing to do: requirements/src/ agrees with requirements/apps.in\n"
    )
    assert snapshot(project) == before


def test_locked_version_stays_until_apps_in_excludes_it(
    index: Index, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "tiny", "1.0")
    project = make_project("tiny")
    assert vendor(project) == 0
    make_wheel(index.directory, "tiny", "2.0")
    make_wheel(index.directory, "other", requires=["tiny"])
    make_project("tiny", "other")
    assert vendor(project) == 0
    assert files(project) == ["other-1.0-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"]
    make_project("tiny>=2", "other")
    assert vendor(project) == 0
    assert files(project) == ["other-1.0-py3-none-any.whl", "tiny-2.0-py3-none-any.whl"]


def test_sync_without_network_uses_vendored_files(
    index: Index, make_project: MakeProject, tmp_path: Path
) -> None:
    make_wheel(index.directory, "tiny", requires=["helper"])
    make_wheel(index.directory, "helper")
    make_wheel(index.directory, "other")
    project = make_project("tiny", "other")
    assert vendor(project) == 0
    index.stop()
    make_project("tiny")
    assert vendor(project) == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"]
    assert vendor(project, "check") == 0


def test_unsatisfiable_requirement_changes_nothing(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    make_project("tiny>=9")
    before = snapshot(project)
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("requirements/apps.in:1: no version of tiny can be used\n")
    assert "tiny>=9" in printed
    assert (
        "\n  next: ${EDITOR:-vi} requirements/apps.in  # change line 1, then: make vendor\n"
        in printed
    )
    assert snapshot(project) == before


@pytest.mark.parametrize(
    "place",
    [
        "vendor_fetch.sync.locker.fetch",
        "vendor_fetch.sync.sync.write_lock",
        "vendor_fetch.sync.staging.Staging.commit",
    ],
)
def test_interrupted_sync_leaves_a_working_project(
    place: str,
    index: Index,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_wheel(index.directory, "tiny", "1.0")
    project = make_project("tiny")
    assert vendor(project) == 0
    make_wheel(index.directory, "tiny", "2.0")
    make_project("tiny>=2")

    def interrupt(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(place, interrupt)
        assert vendor(project) == 130
    assert "next: make vendor\n" in capsys.readouterr().err
    for lock in (APPS, TOOLS):
        assert all((project / file.path).is_file() for file in read(project, lock))
    assert vendor(project) == 0
    assert files(project) == ["tiny-2.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("tiny is nice", "requirements/apps.in:2: 'is nice' is not a version specifier"),
        ("tiny ; python_version", "requirements/apps.in:2: the marker ends too early\n    tiny ; "),
        (
            "--index-url https://user:secret@index.example.org",
            "requirements/apps.in:2: --index-url: the configuration of pip or uv says where",
        ),
    ],
)
def test_wrong_line_of_apps_in_is_shown(
    line: str, fault: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(make_project("fine", line)) == 2
    printed = capsys.readouterr().err
    assert fault in printed
    assert "secret" not in printed


def test_missing_file_of_apps_in_is_named(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    own = "requirements/src/own-1.0-py3-none-any.whl"
    make_wheel(index.directory, "fine")
    project = make_project("fine", f"./{own}")
    missing = (
        f"requirements/apps.in:2: {own}: there is no such file\n"
        f"  next: git checkout -- {own}  # or change the line, then: make vendor\n"
    )
    assert (vendor(project), capsys.readouterr().err) == (2, missing)
    make_wheel(project / "requirements/src", "own")
    assert vendor(project) == 0
    (project / own).unlink()
    assert (vendor(project), capsys.readouterr().err) == (2, missing)
    make_project("fine", f"./{own} ; python_version == '2.7'")
    assert vendor(project) == 0


def test_damaged_lock_is_rewritten_with_its_versions(
    index: Index, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "tiny", "1.0")
    project = make_project("tiny")
    assert vendor(project) == 0
    good = (project / APPS).read_text()
    (project / APPS).write_text(good + "<<<<<<< HEAD\n")
    make_wheel(index.directory, "tiny", "2.0")
    assert vendor(project) == 0
    assert (project / APPS).read_text() == good


def test_damaged_or_missing_file_is_fetched_again(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "tiny")
    make_wheel(index.directory, "other")
    project = make_project("tiny", "other")
    assert vendor(project) == 0
    before = {name: content for name, (_, content) in snapshot(project).items()}
    (project / "requirements/src/tiny-1.0-py3-none-any.whl").write_bytes(b"damaged")
    (project / "requirements/src/other-1.0-py3-none-any.whl").unlink()
    assert vendor(project, "check") == 1
    assert vendor(project) == 0
    assert {name: content for name, (_, content) in snapshot(project).items()} == before


def test_file_by_path_is_kept(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "helper")
    project = make_project("./requirements/src/own-1.0-py3-none-any.whl")
    own = make_wheel(project / "requirements/src", "own", requires=["helper"])
    before = own.read_bytes()
    assert vendor(project) == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl", own.name]
    assert own.read_bytes() == before
    assert "own-1.0-py3-none-any.whl" not in index.downloads
    assert vendor(project, "check") == 0


def test_directory_without_apps_in_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(tmp_path) == 2
    assert "apps.in: the file is missing, so this is no project" in capsys.readouterr().err


def test_offline_sync_of_a_new_package_fails(
    index: Index,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_wheel(index.directory, "tiny")
    assert vendor(make_project("tiny")) == 0
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    asked = list(index.asked)
    assert vendor(make_project("tiny", "other")) == 1
    assert capsys.readouterr().err == (
        "requirements/apps.in: the cache has no other that fits, and VENDOR_FETCH_OFFLINE forbids the "
        "index\n  next: env -u VENDOR_FETCH_OFFLINE make vendor  # or bring it: ve/bin/python -m "
        "vendor_fetch cache import FILE\n"
    )
    assert index.asked == asked


def test_unexpected_error_prints_no_traceback(
    index: Index,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*args: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("vendor_fetch.commands.vendoring.sync", fail)
    assert vendor(make_project("tiny")) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("vendor_fetch: unexpected ZeroDivisionError: by zero\n  next: ")
    assert "Traceback" not in printed


def test_sigterm_ends_a_sync_like_ctrl_c(index: Index, make_project: MakeProject) -> None:
    wheel = make_wheel(index.directory, "tiny")
    index.stalled.add(wheel.name)
    project = make_project("tiny")
    run = subprocess.Popen(
        [sys.executable, "-m", "vendor_fetch", "--project", project],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert index.reached.wait(60)
    run.terminate()
    # The index is silent still: nobody waits for it.
    _, printed = run.communicate(timeout=10)
    assert run.returncode == 130
    assert printed.startswith("interrupted; ")
    assert snapshot(project).keys() == {"pyproject.toml", "requirements/apps.in"}


def test_dry_run_of_sync_says_what_would_be(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    before = snapshot(project)
    assert vendor(project, "sync", "--dry-run") == 0
    printed = capsys.readouterr().out
    assert changes(printed)["tiny"][0] == "1.0"
    assert "\nnothing was changed; requirements/src/ would have 3 files" in printed
    assert "vendored" not in printed
    assert snapshot(project) == before
    assert vendor(project, "sync", "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["dry_run"] is True
    assert snapshot(project) == before


def test_apps_in_without_requirements_is_named_in_the_warning(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(make_project("# nothing yet")) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert (
        line
        == "warning: Requirements file `requirements/apps.in` does not contain any dependencies"
    )
