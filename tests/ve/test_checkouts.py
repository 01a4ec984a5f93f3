"""Unusual checkouts: Git LFS pointers, converted line ends, very large files."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from tests.conftest import REPOSITORY, TINY, bootstrap, replace_tiny, ve_version
from tests.support.site import DEBIAN_PYTHON
from tests.ve.test_check import check

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 12345\n"
)
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b.example")


@pytest.mark.parametrize(
    "pattern", ["*.whl", "bootstrapper-*.whl", "tiny-*.whl", "virtualenv-*.whl"]
)
def test_rebuild_of_lfs_pointers_suggests_git_lfs(built_project: Path, pattern: str) -> None:
    for path in (built_project / lockfile.SOURCE).glob(pattern):
        path.write_text(POINTER)
    run = bootstrap(built_project)
    assert run.returncode == 1
    assert ("is a Git LFS pointer instead of the file\n  next: git lfs pull\n") in run.stderr
    assert "Traceback" not in run.stderr
    assert ve_version(built_project) == "1.0"


def test_check_lists_lfs_pointers(built_project: Path) -> None:
    pointers = sorted((built_project / lockfile.SOURCE).glob("*.whl"))
    for path in pointers:
        path.write_text(POINTER)
    run = check(built_project, "-q")
    assert run.returncode == 1
    assert sorted(run.stdout.splitlines()) == [
        f"{lockfile.SOURCE}/{path.name}: is a Git LFS pointer instead of the file"
        for path in pointers
    ]
    assert run.stderr == f"{len(pointers)} differences\n  next: git lfs pull\n"


@pytest.mark.needs(DEBIAN_PYTHON)
@pytest.mark.parametrize("content", [b"", b"no zip archive", b"PK\x03\x04 cut"])
def test_damaged_bootstrapper_prints_no_traceback(built_project: Path, content: bytes) -> None:
    wheel = next((built_project / lockfile.SOURCE).glob("bootstrapper-*.whl"))
    wheel.write_bytes(content)
    # The Python of the tests has bootstrapper installed.
    run = bootstrap(built_project, python=DEBIAN_PYTHON)
    assert run.returncode == 1
    assert f"{wheel} can't be read: " in run.stderr
    assert f"\n  next: git stash push -- requirements/src/{wheel.name}\n" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "attributes", ["<<cookiecutter.project_slug>>/.gitattributes", "rolf/.gitattributes"]
)
def test_autocrlf_changes_no_script(generated: Path, tmp_path: Path, attributes: str) -> None:
    """Commit and clone with a git that converts line ends to CR LF."""
    project, clone = tmp_path / "project", tmp_path / "clone"
    # Other tests may have rebuilt its ve/, which is not committed.
    ignored = shutil.ignore_patterns("src", "ve", ".ve.*", ".deploy", "__pycache__")
    shutil.copytree(generated, project, ignore=ignored)
    shutil.copy(REPOSITORY / attributes, project / ".gitattributes")
    (project / "deploy/recipes/more").write_text("#!/usr/bin/env python3\n")
    (project / "requirements/src").mkdir()
    for name in ("a.whl", "b.tar.gz"):
        (project / "requirements/src" / name).write_bytes(b"text\nin an archive\r\n")
    for command in (("init", "-q"), ("add", "--force", "."), ("commit", "-qm", "one")):
        subprocess.run([*GIT, *command], cwd=project, check=True, capture_output=True)
    subprocess.run([*GIT, "-c", "core.autocrlf=true", "clone", "-q", project, clone], check=True)
    for path in clone.rglob("*"):
        if path.is_file() and ".git" not in path.relative_to(clone).parts:
            assert path.read_bytes() == (project / path.relative_to(clone)).read_bytes(), path
    run = subprocess.run(["./bootstrap.py"], cwd=clone, capture_output=True, text=True, check=False)
    assert run.stderr.startswith("bootstrap.py: 0 files bootstrapper-*.whl")


def test_autocrlf_changes_no_template() -> None:
    """Projects are generated from a clone of this repository."""
    files = [
        "<<cookiecutter.project_slug>>/bootstrap.py",
        "hooks/post_gen_project.py",
        "bootstrapper/cookbook/bootstrap.sh",
        "rolf/manage.py",
    ]
    output = subprocess.run(
        ["git", "check-attr", "eol", "--", *files],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [line.rpartition(": ")[2] for line in output.splitlines()] == ["lf"] * len(files)


def test_wheel_with_300_mb_of_zeros_is_installed(tiny_project: Path) -> None:
    replace_tiny(
        tiny_project,
        entry_points="[console_scripts]\ntiny = tiny:main\n",
        files={
            "tiny.py": "def main() -> None:\n    print('1.0')\n",
            "zeros.bin": bytes(300 * 10**6),
        },
    )
    run = bootstrap(tiny_project, "--no-store")
    assert (run.returncode, run.stderr) == (0, "")
    assert next(tiny_project.glob("ve/lib/*/*/zeros.bin")).stat().st_size == 300 * 10**6


@pytest.mark.parametrize("size", ['"3 MB"', '"2.5MiB"', "3000000", '"3m"'])
def test_largest_wheel_limits_the_size(tiny_project: Path, size: str) -> None:
    wheel = replace_tiny(
        tiny_project, version="2.0", files={"tiny.py": "", "zeros.bin": bytes(2 * 10**6)}
    )
    settings = tiny_project / "pyproject.toml"
    settings.write_text('[tool.bootstrapper]\nlargest-wheel = "1 MB"\n')
    run = bootstrap(tiny_project, "--no-store")
    assert run.returncode == 1
    assert f"{wheel.name}: its {wheel.stat().st_size} bytes would unpack to 20" in run.stderr
    assert "the limit is 1000000: a zip bomb" in run.stderr
    assert "write in pyproject.toml: [tool.bootstrapper] largest-wheel = 20" in run.stderr
    settings.write_text(f"[tool.bootstrapper]\nlargest-wheel = {size}\n")
    assert bootstrap(tiny_project, "--no-store").returncode == 0


@pytest.mark.parametrize("size", ['"much"', "true", "-1", '"1 light year"', "[]"])
def test_invalid_largest_wheel_is_refused(tiny_project: Path, size: str) -> None:
    replace_tiny(tiny_project, version="2.0")
    (tiny_project / "pyproject.toml").write_text(f"[tool.bootstrapper]\nlargest-wheel = {size}\n")
    run = bootstrap(tiny_project, "--no-store")
    assert (run.returncode, "is not a size\n  next: " in run.stderr) == (2, True)


def test_wheel_larger_than_the_disk_is_not_written(built_project: Path, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root may mount")
    replace_tiny(built_project, version="2.0", files={"zeros.bin": bytes(20 * 10**6)})
    shutil.rmtree(built_project / "ve")
    disk = tmp_path / "disk"
    disk.mkdir()
    project = disk / "project"
    run = subprocess.run(
        [
            "unshare",
            "--mount",
            "sh",
            "-c",
            'mount -t tmpfs -o size=12m none "$0" && '
            'cp -r "$1" "$2" && cd "$2" && exec python3 bootstrap.py --no-store',
            disk,
            built_project,
            project,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "the disk is full (No space left on device)" in run.stderr
    assert TINY not in run.stderr
