"""`python -m bootstrapper check` lists every difference between virtualenv, files and lock."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from tests.conftest import bootstrap
from tests.support.wheels import lock_line, make_wheel


def check(project: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bootstrapper", "check", *options],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def differences(project: Path) -> list[str]:
    run = check(project, "-q")
    assert run.returncode == (1 if run.stdout else 0), run.stderr
    return run.stdout.splitlines()


@pytest.fixture
def site(built_project: Path) -> Path:
    return next((built_project / "ve/lib").glob("python*/site-packages"))


def test_fresh_virtualenv_has_no_difference(built_project: Path) -> None:
    run = check(built_project)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines()[-1] == "ve/ and vendored files match the lock"


def test_running_python_makes_no_difference(built_project: Path) -> None:
    subprocess.run([built_project / "ve/bin/python", "-c", "import tiny"], check=True)
    assert differences(built_project) == []


def test_changed_bytecode_is_reported(built_project: Path, site: Path) -> None:
    (compiled,) = (site / "__pycache__").glob("tiny.*.pyc")
    compiled.chmod(0o644)
    content = compiled.read_bytes()
    compiled.write_bytes(content.replace(b"1.0", b"6.6"))
    assert compiled.read_bytes() != content
    assert differences(built_project) == [
        f"ve/lib/{site.parent.name}/site-packages/tiny-1.0.dist-info: its bytecode has changed"
    ]


def test_name_of_a_file_is_no_next_line(built_project: Path, site: Path) -> None:
    (site / "tiny\n  next: touch pwned #.py").touch()
    run = check(built_project)
    printed = (run.stdout + run.stderr).splitlines()
    assert run.returncode == 1
    assert [line for line in printed if line.startswith("  | next: touch pwned")]
    assert not [line for line in printed if line.startswith("  next: touch")]


def test_changed_missing_and_extra_files_are_listed(built_project: Path, site: Path) -> None:
    module = site / "tiny.py"
    os.chmod(module, 0o644)
    module.write_text("VERSION = 'patched'\n")
    (site / "tiny-1.0.dist-info/METADATA").unlink()
    (site / "debug.py").write_text("")
    (built_project / "ve/bin/extra").write_text("")
    inside = f"ve/lib/{site.parent.name}/site-packages"
    assert differences(built_project) == [
        f"{inside}/tiny-1.0.dist-info/METADATA: missing",
        f"{inside}/tiny.py: changed",
        f"{inside}/debug.py: no file of the lock installs it",
        "ve/bin/extra: no file of the lock installs it",
    ]


def test_adapted_record_is_found(built_project: Path, site: Path) -> None:
    (site / "tiny.py").write_text("VERSION = 'patched'\n")
    record = site / "tiny-1.0.dist-info/RECORD"
    rows = [
        row if not row.startswith("tiny.py") else "tiny.py,,"
        for row in record.read_text().splitlines()
    ]
    record.write_text("\n".join(rows))
    assert differences(built_project) == [
        f"ve/lib/{site.parent.name}/site-packages/tiny-1.0.dist-info/RECORD: changed"
    ]


def test_vendored_files_are_compared_with_the_lock(built_project: Path) -> None:
    source = built_project / lockfile.SOURCE
    (source / "tiny-1.0-py3-none-any.whl").write_bytes(b"other")
    make_wheel(source, "stray")
    pip = next(source.glob("pip-*.whl"))
    pip.unlink()
    stray, tiny, tool = differences(built_project)
    assert stray.startswith("requirements/src/stray-1.0-py3-none-any.whl: no line")
    assert tiny.startswith("requirements/src/tiny-1.0-py3-none-any.whl: the sha256 of its 5 bytes")
    assert tool.startswith(f"requirements/src/{pip.name}: the file is missing")


def test_newer_lock_is_found(built_project: Path) -> None:
    source = built_project / lockfile.SOURCE
    (source / "tiny-1.0-py3-none-any.whl").unlink()
    new = make_wheel(source, version="2.0")
    ours = next(source.glob("bootstrapper-*.whl"))
    (built_project / lockfile.APPS).write_text(lock_line(ours) + lock_line(new))
    assert differences(built_project) == [
        "ve/: requirements/src/tiny-1.0-py3-none-any.whl is installed, but not in the lock",
        "ve/: requirements/src/tiny-2.0-py3-none-any.whl is not installed",
    ]


def test_other_sha256_of_a_name_is_found(built_project: Path) -> None:
    source = built_project / lockfile.SOURCE
    new = make_wheel(source, files={"tiny.py": "VERSION = 'rebuilt'\n"})
    ours = next(source.glob("bootstrapper-*.whl"))
    (built_project / lockfile.APPS).write_text(lock_line(ours) + lock_line(new))
    assert differences(built_project) == [
        "ve/: requirements/src/tiny-1.0-py3-none-any.whl is installed from a file with another sha256"
    ]


def test_missing_virtualenv_is_a_difference(tiny_project: Path) -> None:
    assert differences(tiny_project) == ["ve/: is missing, or has no Python"]


def test_foreign_virtualenv_is_a_difference(tiny_project: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tiny_project / "ve"], check=True)
    assert differences(tiny_project) == ["ve/: was not built by this version of bootstrap.py"]


def test_bad_lock_is_reported(built_project: Path) -> None:
    (built_project / lockfile.APPS).write_text("nonsense\n")
    run = check(built_project)
    assert run.returncode == 2
    assert "requirements/apps.txt:1: " in run.stderr


def installed(project: Path, *wheels: Path) -> None:
    """Lock these wheels and our own, and rebuild."""
    source = project / lockfile.SOURCE
    ours = next(source.glob("bootstrapper-*.whl"))
    (source / "tiny-1.0-py3-none-any.whl").unlink(missing_ok=True)
    (project / lockfile.APPS).write_text("".join(map(lock_line, [ours, *wheels])))
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    "files",
    [
        {"odd-1.0.data/data/share/doc/odd/example.py": "print('like pycurl 7.47')\n"},
        {"odd-1.0.data/headers/odd.py": "print('among the headers')\n"},
        {"odd-1.0.data/scripts/odd.py": "print('compiled as it is')\n"},
        {"odd-1.0.data/scripts/odd.py": "#!python\nprint('with a first line')\n"},
        {"odd-1.0.data/scripts/below/odd": "#!python\nprint('in a directory of bin/')\n"},
        {"odd-1.0.data/data/bin/odd.py": "print('data in bin/')\n"},
        {"odd-1.0.data/data/odd.py": "print('in the root')\n"},
        {"odd.py": "this is no Python\n", "__pycache__/odd.other.pyc": b"\0" * 20},
    ],
    ids=lambda files: next(iter(files)),
)
def test_python_files_anywhere_make_no_difference(
    tiny_project: Path, files: dict[str, str | bytes]
) -> None:
    installed(tiny_project, make_wheel(tiny_project / lockfile.SOURCE, "odd", files=files))
    assert differences(tiny_project) == []


@pytest.mark.parametrize("digest", ["md5=AAAA", "shake_128=AAAA", "", "sha256={right}="])
def test_unusual_record_makes_no_difference(tiny_project: Path, digest: str) -> None:
    right = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"  # of no bytes
    record = (
        f"odd.txt,{digest.format(right=right)},\nodd.pyc,,\nodd-1.0.dist-info/METADATA,,\n"
        "odd-1.0.dist-info/WHEEL,,\nodd-1.0.dist-info/RECORD,,\n"
    )
    installed(
        tiny_project,
        make_wheel(
            tiny_project / lockfile.SOURCE,
            "odd",
            record=record,
            files={"odd.txt": b"", "odd.pyc": b"compiled, by whom?" * 2},
        ),
    )
    assert differences(tiny_project) == []


def test_file_of_two_wheels_makes_no_difference(tiny_project: Path) -> None:
    source = tiny_project / lockfile.SOURCE
    wheels = [
        make_wheel(
            source,
            name,
            files={
                "tests.py": f"WHOSE = {name!r}\n",
                f"{name}-1.0.data/scripts/run.py": f"#!python\n{name}",
                f"{name}-1.0.data/data/share/all.py": f"print({name!r})\n",
                f"{name}-1.0.data/scripts/{name}.py": "#!python\n1\n",
                f"{name}-1.0.data/scripts/{'two' if name == 'one' else 'x'}.py": "plain = 1\n",
            },
        )
        for name in ("one", "two")
    ]
    installed(tiny_project, *wheels)
    assert differences(tiny_project) == []
    module = next(tiny_project.glob("ve/lib/*/site-packages/tests.py"))
    module.chmod(0o644)
    module.write_text("WHOSE = 'mine'\n")
    assert [line.rpartition("/")[2] for line in differences(tiny_project)] == ["tests.py: changed"]


@pytest.mark.parametrize(
    "path",
    [
        "share/doc/__pycache__/example.*.pyc",
        "bin/__pycache__/odd.*.pyc",
        "bin/__pycache__/plain.*.pyc",
    ],
)
def test_changed_bytecode_is_found_anywhere(tiny_project: Path, path: str) -> None:
    installed(
        tiny_project,
        make_wheel(
            tiny_project / lockfile.SOURCE,
            "odd",
            files={
                "odd-1.0.data/data/share/doc/example.py": "print('one')\n",
                "odd-1.0.data/scripts/odd.py": "#!python\nprint('one')\n",
                "odd-1.0.data/scripts/plain.py": "print('one')\n",
            },
        ),
    )
    compiled = next(tiny_project.glob(f"ve/{path}"))
    compiled.chmod(0o644)
    compiled.write_bytes(compiled.read_bytes().replace(b"one", b"two"))
    (line,) = differences(tiny_project)
    assert line.endswith("odd-1.0.dist-info: its bytecode has changed")


def test_next_command_for_a_changed_ve_is_a_rebuild(built_project: Path, site: Path) -> None:
    (site / "tiny.py").unlink()
    assert check(built_project, "-q").stderr == "1 difference\n  next: ./bootstrap.py\n"


def test_next_command_never_loses_edits(built_project: Path) -> None:
    """Run the commands that `check` suggests, with uncommitted edits in requirements/."""
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.example")
    for command in (
        ("init", "-q"),
        ("add", "bootstrap.py", "requirements"),
        ("commit", "-qm", "one"),
    ):
        subprocess.run([*git, *command], cwd=built_project, check=True)
    source, apps = built_project / lockfile.SOURCE, built_project / "requirements/apps.in"
    (source / "tiny-1.0-py3-none-any.whl").write_bytes(b"a week of work")
    pip = next(source.glob("pip-*.whl"))
    pip.unlink()
    stray = make_wheel(source, "stray")
    apps.write_text("tiny\nmore\n")
    run = check(built_project, "-q")
    assert "git checkout -- requirements\n" not in run.stderr
    for step in [line.removeprefix("  next: ") for line in run.stderr.splitlines()[1:]]:
        subprocess.run(
            ["bash", "-c", step],
            cwd=built_project,
            check=True,
            env={
                **os.environ,
                "GIT_COMMITTER_NAME": "a",
                "GIT_AUTHOR_NAME": "a",
                "GIT_COMMITTER_EMAIL": "a@b",
                "GIT_AUTHOR_EMAIL": "a@b",
            },
            capture_output=True,
        )
    assert differences(built_project) == []
    assert apps.read_text() == "tiny\nmore\n"
    assert (built_project / stray.name).is_file()
    path = f"{lockfile.SOURCE}/tiny-1.0-py3-none-any.whl"
    kept = subprocess.run(
        ["git", "show", f"stash@{{0}}:{path}"], cwd=built_project, capture_output=True, check=True
    )
    assert kept.stdout == b"a week of work"
