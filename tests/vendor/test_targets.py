"""One lock has the files of every target; `check` proves them, without a network."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, TOOLS, read
from tests.support import tarballs
from tests.support.index import Index, make_tarball
from tests.support.wheels import make_wheel
from tests.vendor.conftest import PYTHON, MakeProject, files, snapshot, vendor
from vendor_fetch.index.uv import find_uv
from vendor_fetch.project.project import open_project
from vendor_fetch.resolve.resolver import uv_platform

LINUX, ARM, MAC = "manylinux_2_17_x86_64", "manylinux_2_17_aarch64", "macosx_11_0_arm64"
SIX = [
    (python, platform)
    for python in ("3.11", "3.12", "3.13")
    for platform in ("linux-x86_64", "macos-arm64")
]


def targets(*pairs: tuple[str, str]) -> str:
    rows = ", ".join(
        f'{{ python = "{each}", platform = "{platform}" }}' for each, platform in pairs
    )
    return f"targets = [{rows}]"


@pytest.fixture
def make_many(make_project: MakeProject) -> Callable[..., Path]:
    """`make_many(pairs, "tiny")` writes a project for targets that asks for that."""

    def make(pairs: list[tuple[str, str]], *requirements: str, **options: str) -> Path:
        project = make_project(*requirements, settings=targets(*pairs), **options)
        path = project / "pyproject.toml"
        text = path.read_text()
        line = next(each for each in text.splitlines() if each.startswith("requires-python"))
        path.write_text(text.replace(line, 'requires-python = ">=3.11,<3.15"'))
        return project

    return make


def markers(project: Path) -> dict[str, str]:
    return {file.path.name: str(file.marker or "") for file in read(project, APPS)}


def simulated(project: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """The names of the files that the rebuild of each target takes."""
    capsys.readouterr()
    assert vendor(project, "check", "--simulate", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["targets"]
    return {
        f"{row['python']} {row['platform']}": [Path(path).name for path in row["files"]]
        for row in rows
    }


def test_each_target_gets_its_files(
    index: Index, make_many: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(
        index.directory,
        "app",
        requires=[
            'mac; sys_platform == "darwin"',
            'old; python_version < "3.12"',
            'win; sys_platform == "win32"',
            "code",
        ],
    )
    for name in ("mac", "old", "win"):
        make_wheel(index.directory, name)
    for python in ("cp311", "cp312"):
        for platform in (LINUX, MAC):
            make_wheel(index.directory, "code", tag=f"{python}-{python}-{platform}")
    pairs = [("3.11", "linux-x86_64"), ("3.12", "linux-x86_64"), ("3.12", "macos-arm64")]
    project = make_many(pairs, "app")
    assert vendor(project) == 0
    linux = 'sys_platform == "linux" and platform_machine == "x86_64"'
    mac = 'sys_platform == "darwin" and platform_machine == "arm64"'
    assert markers(project) == {
        "app-1.0-py3-none-any.whl": "",
        f"code-1.0-cp311-cp311-{LINUX}.whl": f'python_version == "3.11" and {linux}',
        f"code-1.0-cp312-cp312-{LINUX}.whl": f'python_version == "3.12" and {linux}',
        f"code-1.0-cp312-cp312-{MAC}.whl": f'python_version == "3.12" and {mac}',
        "mac-1.0-py3-none-any.whl": 'sys_platform == "darwin"',
        "old-1.0-py3-none-any.whl": 'python_version == "3.11"',
    }
    assert simulated(project, capsys) == {
        "3.11 linux-x86_64": [
            "app-1.0-py3-none-any.whl",
            f"code-1.0-cp311-cp311-{LINUX}.whl",
            "old-1.0-py3-none-any.whl",
        ],
        "3.12 linux-x86_64": ["app-1.0-py3-none-any.whl", f"code-1.0-cp312-cp312-{LINUX}.whl"],
        "3.12 macos-arm64": [
            "app-1.0-py3-none-any.whl",
            f"code-1.0-cp312-cp312-{MAC}.whl",
            "mac-1.0-py3-none-any.whl",
        ],
    }
    for target in open_project(project).targets:
        run = subprocess.run(
            [
                *(find_uv(), "pip", "install", "--dry-run", "--no-deps", "--require-hashes"),
                *("--no-config", "--no-index", "--target", str(project / "nowhere")),
                *("--python", sys.executable, "--python-version", target.oldest_python),
                *("--python-platform", uv_platform(target), "-r", str(APPS)),
            ],
            cwd=project,
            env={**os.environ, "UV_CACHE_DIR": str(project.parent / "uv")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        installed = {
            line.split()[1].partition("==")[0]
            for line in run.stderr.splitlines()
            if line.startswith(" + ")
        }
        names = simulated(project, capsys)[f"{target.python} {target.platform}"]
        assert installed == {name.partition("-")[0] for name in names}


def test_targets_share_one_version(index: Index, make_many: Callable[..., Path]) -> None:
    """The newest version for 3.11 is older than that for 3.12, and allowed there."""
    make_wheel(index.directory, "code", "1.0")
    make_wheel(index.directory, "code", "2.0", headers=["Requires-Python: >=3.12"])
    project = make_many([("3.12", "linux-x86_64"), ("3.11", "linux-x86_64")], "code")
    assert vendor(project) == 0
    assert files(project) == ["code-1.0-py3-none-any.whl"]


def test_two_versions_are_reported_if_targets_need_them(
    index: Index, make_many: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "code", "1.0", headers=["Requires-Python: <3.12"])
    make_wheel(index.directory, "code", "2.0", headers=["Requires-Python: >=3.12"])
    project = make_many([("3.11", "linux-x86_64"), ("3.12", "linux-x86_64")], "code")
    assert vendor(project) == 0
    assert (
        "warning: code has 2 versions: 1.0 for Python 3.11 on linux-x86_64; 2.0 for Python 3.12 on "
        "linux-x86_64\n" in capsys.readouterr().out
    )
    assert markers(project) == {
        "code-1.0-py3-none-any.whl": 'python_version == "3.11"',
        "code-2.0-py3-none-any.whl": 'python_version == "3.12"',
    }
    assert vendor(project, "check") == 0


def test_shared_version_may_be_older_than_all_first_choices(
    index: Index, make_many: Callable[..., Path]
) -> None:
    """3.11 prefers 1.5 and 3.12 prefers 2.0; both can have 1.0 alone."""
    make_wheel(index.directory, "code", "1.0")
    make_wheel(index.directory, "code", "1.5", headers=["Requires-Python: <3.12"])
    make_wheel(index.directory, "code", "2.0", headers=["Requires-Python: >=3.12"])
    project = make_many([("3.11", "linux-x86_64"), ("3.12", "linux-x86_64")], "code")
    assert vendor(project) == 0
    assert files(project) == ["code-1.0-py3-none-any.whl"]


def test_no_target_loses_a_wheel_for_a_shared_version(
    index: Index, make_many: Callable[..., Path], make_project: MakeProject
) -> None:
    make_wheel(index.directory, "code", "1.0", tag=f"cp311-cp311-{LINUX}")
    make_tarball(index.directory, "code", "1.0")
    old = make_many([("3.11", "linux-x86_64")], "code")
    assert vendor(old) == 0
    for python in ("cp311", "cp312"):
        make_wheel(index.directory, "code", "2.0", tag=f"{python}-{python}-{LINUX}")
    project = make_many([("3.11", "linux-x86_64"), ("3.12", "linux-x86_64")], "code")
    assert vendor(project) == 0
    assert files(project) == [f"code-2.0-{each}-{each}-{LINUX}.whl" for each in ("cp311", "cp312")]


@pytest.mark.parametrize("reads_metadata", [True, False])
def test_upper_bound_of_requires_python_counts(
    reads_metadata: bool, index: Index, make_many: Callable[..., Path]
) -> None:
    """The page of an index may not say which Python a file requires."""
    index.reads_metadata = reads_metadata
    make_wheel(index.directory, "code", "1.0")
    make_wheel(index.directory, "code", "2.0", headers=["Requires-Python: >=3.11,<3.12"])
    project = make_many([("3.12", "linux-x86_64")], "code")
    assert vendor(project) == 0
    assert files(project) == ["code-1.0-py3-none-any.whl"]
    assert vendor(project, "check") == 0


def test_removed_target_takes_its_files_along(
    index: Index, make_many: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for platform in (LINUX, MAC):
        make_wheel(index.directory, "code", tag=f"py3-none-{platform}")
    both = [("3.12", "linux-x86_64"), ("3.12", "macos-arm64")]
    project = make_many(both, "code")
    assert vendor(project) == 0
    make_many(both[:1], "code")
    capsys.readouterr()
    assert vendor(project, "check") == 1
    assert f"no target takes code-1.0-py3-none-{MAC}.whl" in capsys.readouterr().out
    assert vendor(project) == 0
    assert files(project) == [f"code-1.0-py3-none-{LINUX}.whl"]
    assert vendor(project, "check") == 0


def test_added_target_keeps_the_locked_versions(
    index: Index, make_many: Callable[..., Path]
) -> None:
    for platform in (LINUX, MAC):
        make_wheel(index.directory, "code", "1.0", tag=f"py3-none-{platform}")
    project = make_many([("3.12", "linux-x86_64")], "code")
    assert vendor(project) == 0
    for platform in (LINUX, MAC):
        make_wheel(index.directory, "code", "2.0", tag=f"py3-none-{platform}")
    make_many([("3.12", "linux-x86_64"), ("3.12", "macos-arm64")], "code")
    assert vendor(project) == 0
    assert files(project) == [f"code-1.0-py3-none-{each}.whl" for each in (MAC, LINUX)]
    before = snapshot(project)
    index.stop()
    assert vendor(project) == 0
    assert snapshot(project) == before


def test_tarballs_are_vendored_for_all_targets_at_once(
    index: Index, make_many: Callable[..., Path]
) -> None:
    make_wheel(index.directory, "tiny")
    make_tarball(index.directory, "tiny")
    for platform in (LINUX, MAC):
        make_wheel(index.directory, "code", tag=f"py3-none-{platform}")
    make_tarball(index.directory, "code")
    project = make_many(
        [("3.12", "linux-x86_64"), ("3.13", "macos-arm64")], "tiny", "code", format="tarball"
    )
    assert vendor(project) == 0
    assert sorted(markers(project)) == [
        f"code-1.0-py3-none-{MAC}.whl",
        f"code-1.0-py3-none-{LINUX}.whl",
        "tiny-1.0.tar.gz",
    ]


def test_target_without_a_wheel_gets_the_tarball_and_its_tools(
    index: Index, make_many: Callable[..., Path]
) -> None:
    make_wheel(index.directory, "code", tag=f"py3-none-{LINUX}")
    make_tarball(index.directory, "code")
    project = make_many([("3.12", "linux-x86_64"), ("3.12", "macos-arm64")], "code")
    assert vendor(project) == 0
    assert markers(project)["code-1.0.tar.gz"] == 'sys_platform == "darwin"'
    tools = {file.distribution.name: str(file.marker) for file in read(project, TOOLS)}
    assert tools["flit-core"] == 'sys_platform == "darwin"'
    assert vendor(project, "check") == 0


BACKEND = """
def get_requires_for_build_wheel(settings=None):
    return ["asked>=1"]


def build_wheel(directory, settings=None, metadata=None):
    raise SystemExit("not to be built")
"""


def test_build_requirements_of_backends_are_vendored_recursively(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """The backend of code asks for a tarball, whose backend is another package."""
    metadata = "Metadata-Version: 2.2\nName: code\nVersion: 1.0\n"
    tarballs.make_tarball(
        index.directory,
        "code",
        build=[],
        backend="backend",
        backend_path=".",
        files={"backend.py": BACKEND, "PKG-INFO": metadata},
    )
    make_tarball(index.directory, "asked", build=["flit_core>=3"])
    project = make_project("code")
    assert vendor(project) == 0
    assert files(project) == [
        "asked-1.0.tar.gz",
        "code-1.0.tar.gz",
        "flit_core-80.0-py3-none-any.whl",
    ]
    assert "# code-1.0.tar.gz builds with: asked>=1\n" in (project / APPS).read_text()
    assert "# asked-1.0.tar.gz builds with: flit_core>=3\n" in (project / TOOLS).read_text()
    (project / TOOLS).write_text(
        "".join(
            line
            for line in (project / TOOLS).read_text().splitlines(keepends=True)
            if "flit_core-" not in line
        )
    )
    capsys.readouterr()
    assert vendor(project, "check") == 1
    assert "requirements/tools.txt: lacks flit_core>=3, which bootstrap.py asks for" in (
        capsys.readouterr().out
    )


CALLING_BACKEND = """
import subprocess


def get_requires_for_build_wheel(settings=None):
    return subprocess.check_output(["forge", "needed"], text=True).split()


def build_wheel(directory, settings=None, metadata=None):
    raise SystemExit("not to be built")
"""


def test_backends_find_the_programs_of_their_requirements(
    index: Index, make_project: MakeProject
) -> None:
    """meson-python calls meson, which is a build requirement."""
    make_wheel(
        index.directory,
        "forge",
        files={"forge.py": "def main():\n    print('needed')\n"},
        entry_points="[console_scripts]\nforge = forge:main\n",
    )
    make_wheel(index.directory, "needed")
    tarballs.make_tarball(
        index.directory,
        "code",
        build=["forge"],
        backend="backend",
        backend_path=".",
        files={
            "backend.py": CALLING_BACKEND,
            "PKG-INFO": "Metadata-Version: 2.2\nName: code\nVersion: 1.0\n",
        },
    )
    project = make_project("code")
    assert vendor(project) == 0
    assert "# code-1.0.tar.gz builds with: forge | needed\n" in (project / APPS).read_text()


@pytest.fixture
def six(index: Index, make_many: Callable[..., Path]) -> Path:
    """A project of six targets, with pure, compiled and conditional packages and a tarball."""
    make_wheel(index.directory, "app", requires=["code", 'mac; sys_platform == "darwin"', "made"])
    make_wheel(index.directory, "mac", requires=["deep"])
    make_wheel(index.directory, "deep")
    make_tarball(index.directory, "made")
    for python in ("cp311", "cp312", "cp313"):
        for platform in (LINUX, MAC):
            make_wheel(index.directory, "code", tag=f"{python}-{python}-{platform}")
    project = make_many(SIX, "app")
    assert vendor(project) == 0
    assert vendor(project, "check") == 0
    return project


def expected_requester(name: str) -> str:
    requesters = {"app": "requirements/apps.in", "code": "app", "mac": "app", "deep": "mac"}
    return {**requesters, "made": "app"}.get(name, "bootstrap.py")


def test_check_names_every_removed_or_changed_file(
    six: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted((six / "requirements/src").iterdir()):
        content = path.read_bytes()
        name = path.name.partition("-")[0]
        for change in ("remove", "flip"):
            if change == "remove":
                path.unlink()
            else:
                middle = len(content) // 2
                path.write_bytes(
                    content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
                )
            capsys.readouterr()
            assert vendor(six, "check") == 1
            [line] = [line for line in capsys.readouterr().out.splitlines() if path.name in line]
            assert f"; {expected_requester(name)} needs it" in line
            if name == "code":
                python = path.name.partition("-cp3")[2][:2]
                platform = "macos-arm64" if MAC in path.name else "linux-x86_64"
                assert line.endswith(f" (for Python 3.{python} on {platform})")
            elif name in ("mac", "deep"):
                macs = ", ".join(
                    f"Python {each} on macos-arm64" for each in ("3.11", "3.12", "3.13")
                )
                assert line.endswith(f" (for {macs})")
            else:
                assert line.endswith("needs it")
            path.write_bytes(content)
    assert vendor(six, "check") == 0


@pytest.mark.parametrize("lock", [APPS, TOOLS])
def test_check_notices_every_dropped_line(
    lock: Path, six: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (six / lock).read_text()
    lines = text.splitlines(keepends=True)
    count = 0
    for number, line in enumerate(lines):
        if line.startswith("#") and "builds with" not in line and "requires" not in line:
            continue
        (six / lock).write_text("".join([*lines[:number], *lines[number + 1 :]]))
        capsys.readouterr()
        assert vendor(six, "check") == 1, line
        printed = capsys.readouterr().out
        name = line.split()[1 if line.startswith("#") else 0].rpartition("/")[2]
        assert name in printed
        if not line.startswith("#"):
            requester = expected_requester(name.partition("-")[0])
            assert f"which {requester} asks for" in printed
        count += 1
    assert count >= 3
    (six / lock).write_text(text)
    assert vendor(six, "check") == 0


def test_simulation_needs_neither_uv_nor_an_index(six: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "index")
    run = subprocess.run(
        [sys.executable, "-m", "vendor_fetch", "--project", six, "check", "--simulate", "--json"],
        env={"PATH": "/nowhere", "HOME": "/nowhere"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(json.loads(run.stdout)["targets"]) == 6


def test_older_floor_gets_a_file_that_fits(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """The locked wheel fits the marker of the target, and its system no longer."""
    make_wheel(index.directory, "code", tag="py3-none-manylinux_2_28_x86_64", pure=False)
    make_wheel(index.directory, "kept", "1.0")
    project = make_project("code", "kept")
    assert vendor(project) == 0
    make_wheel(index.directory, "kept", "2.0")
    make_tarball(index.directory, "code")
    pyproject = project / "pyproject.toml"
    target = f'{{ python = "{PYTHON}", platform = "linux-x86_64", glibc = "2.17" }}'
    pyproject.write_text(f"{pyproject.read_text()}\ntargets = [{target}]\n")
    capsys.readouterr()
    assert vendor(project, "check") == 1
    assert "no vendored file of code fits" in "".join(capsys.readouterr())
    assert vendor(project) == 0
    assert {"code-1.0.tar.gz", "kept-1.0-py3-none-any.whl"} < set(files(project))
    assert not any(name.startswith("code") for name in files(project) if name.endswith(".whl"))
    assert vendor(project, "check") == 0
