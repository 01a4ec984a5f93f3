"""`export` writes what other installers take: pip, uv, and the library packaging."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.pylock import Pylock, is_valid_pylock_path
from uv import find_uv_bin

from tests.support.tarballs import make_tarball
from tests.vendor.conftest import COMPILED, PYTHON, TAG
from tests.vendor.reports.conftest import Vendored

OTHER = f"{TAG}-{TAG}-macosx_11_0_arm64"


@pytest.fixture
def several(vendored: Vendored) -> Vendored:
    """A package in two files with markers, one without a marker, and a tarball."""
    linux = vendored.wheel("Compiled_Pkg", "1.5", tag=COMPILED, requires=["tiny"])
    mac = vendored.wheel("Compiled_Pkg", "1.5", tag=OTHER, requires=["tiny"])
    vendored.wheel("tiny")
    make_tarball(vendored.source, "made", "2.0", files={}, build=["flit_core"])
    vendored.lock(
        markers={linux.name: 'sys_platform == "linux"', mac.name: 'sys_platform == "darwin"'}
    )
    return vendored


def exported(vendored: Vendored, name: str, path: Path) -> Path:
    assert vendored.run("export", "--format", name, "--output", str(path)) == 0
    return path


def without_tarball(several: Vendored) -> None:
    """Remove the tarball, which pip and uv would build."""
    lock = several.directory / "requirements/apps.txt"
    lines = lock.read_text().splitlines(keepends=True)
    lock.write_text("".join(line for line in lines if "made" not in line))
    (several.source / "made-2.0.tar.gz").unlink()


def test_requirements_have_versions_markers_and_hashes(
    several: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    assert several.run("export", "--format", "requirements") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == [
        'compiled-pkg==1.5 ; sys_platform == "darwin" \\',
        'compiled-pkg==1.5 ; sys_platform == "linux" \\',
        "made==2.0 \\",
        "tiny==1.0 \\",
    ]
    assert all(line.startswith("    --hash=sha256:") for line in lines[1::2])


def test_pip_takes_the_requirements(several: Vendored, tmp_path: Path) -> None:
    without_tarball(several)
    path = exported(several, "requirements", tmp_path / "requirements.txt")
    run = subprocess.run(
        [
            sys.executable,
            *("-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-index"),
            *("--require-hashes", "--find-links", several.source, "-r", path),
        ],
        env={"PIP_CONFIG_FILE": os.devnull, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "Would install compiled_pkg-1.5 tiny-1.0" in run.stdout.replace(
        "Compiled", "compiled"
    ).replace("_Pkg", "_pkg")


def test_pylock_is_read_by_packaging(several: Vendored, tmp_path: Path) -> None:
    path = exported(several, "pylock", tmp_path / "pylock.site.toml")
    assert is_valid_pylock_path(path)
    lock = Pylock.from_dict(tomllib.loads(path.read_text()))
    lock.validate()
    assert [(each.name, str(each.version), str(each.marker)) for each in lock.packages] == [
        ("compiled-pkg", "1.5", 'sys_platform == "darwin"'),
        ("compiled-pkg", "1.5", 'sys_platform == "linux"'),
        ("made", "2.0", "None"),
        ("tiny", "1.0", "None"),
    ]
    chosen = {package.name: file for package, file in lock.select()}
    assert set(chosen) == {"compiled-pkg", "made", "tiny"}
    for file in chosen.values():
        assert file.path and file.hashes
        assert (tmp_path / file.path).samefile(several.source / Path(file.path).name)
        assert (tmp_path / file.path).stat().st_size == file.size


def test_uv_installs_from_the_pylock(several: Vendored, tmp_path: Path) -> None:
    without_tarball(several)
    path = exported(several, "pylock", tmp_path / "pylock.toml")
    for command in (
        [find_uv_bin(), "venv", "--quiet", "--python", sys.executable, tmp_path / "ve"],
        [
            *(find_uv_bin(), "pip", "install", "--offline", "--no-config"),
            *("--python", tmp_path / "ve/bin/python", "--requirement", path),
        ],
    ):
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
    assert " + compiled-pkg==1.5" in run.stderr and " + tiny==1.0" in run.stderr
    # A file that was changed is refused by its hash.
    wheel = several.source / "tiny-1.0-py3-none-any.whl"
    several.wheel("tiny", files={"tiny.py": "changed"})
    assert wheel.exists()
    run = subprocess.run([*command, "--reinstall"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode != 0 and "tiny" in run.stderr


def test_pylock_is_printed_with_paths_from_here(
    several: Vendored, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(several.directory.parent)
    assert several.run("export", "--format", "pylock") == 0
    lock = tomllib.loads(capsys.readouterr().out)
    assert lock["packages"][-1]["wheels"][0]["path"] == (
        "project/requirements/src/tiny-1.0-py3-none-any.whl"
    )
    assert lock["requires-python"].startswith("==3.")


def test_empty_lock_gives_an_empty_pylock(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendored.run("export", "--format", "pylock") == 0
    assert Pylock.from_dict(tomllib.loads(capsys.readouterr().out)).packages == []
    assert vendored.run("export", "--format", "requirements") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("required", [">=3.11,!=3.12.*,<4", ""])
def test_pylock_has_the_python_of_the_project(
    required: str, vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.settings("", python=required)
    assert vendored.run("export", "--format", "pylock") == 0
    assert tomllib.loads(capsys.readouterr().out).get("requires-python", "") == required


def test_wheelhouse_is_all_that_pip_needs(several: Vendored, tmp_path: Path) -> None:
    house = exported(several, "wheelhouse", tmp_path / "new/wheelhouse")
    assert sorted(path.name for path in house.iterdir()) == sorted(
        [*(path.name for path in several.source.iterdir()), "requirements.txt"]
    )
    moved = shutil.move(house, tmp_path / "elsewhere")
    run = subprocess.run(
        [
            sys.executable,
            *("-m", "pip", "download", "--no-index", "--require-hashes", "--no-deps"),
            *("--no-build-isolation", "--only-binary", ":all:", "--dest", tmp_path / "got"),
            *("--find-links", moved, "-r", write_without(Path(moved) / "requirements.txt", "made")),
        ],
        env={"PIP_CONFIG_FILE": os.devnull, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert len(list((tmp_path / "got").iterdir())) == 2


def write_without(path: Path, name: str) -> Path:
    """Leave a package out of a requirements file, which has two lines for each."""
    lines = path.read_text().splitlines(keepends=True)
    pairs = zip(lines[::2], lines[1::2], strict=True)
    path.write_text("".join(a + b for a, b in pairs if not a.startswith(name)))
    return path


def test_wheelhouse_lists_tools_apart(vendored: Vendored, tmp_path: Path) -> None:
    vendored.wheel("tiny", "1.0")
    vendored.wheel("tiny", "2.0")
    vendored.lock(tools=["tiny-2.0-py3-none-any.whl"])
    house = tmp_path / "wheelhouse"
    words = ("--format", "wheelhouse", "--output", str(house), "--tools")
    assert vendored.run("export", *words) == 0
    assert (house / "requirements.txt").read_text().startswith("tiny==1.0 ")
    assert (house / "tools.txt").read_text().startswith("tiny==2.0 ")


def test_wheelhouse_replaces_an_empty_directory_only(
    several: Vendored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = tmp_path / "wheelhouse"
    house.mkdir()
    exported(several, "wheelhouse", house)
    names = sorted(house.iterdir())
    capsys.readouterr()
    for kind in ("directory", "file", "link"):
        assert several.run("export", "--format", "wheelhouse", "--output", str(house)) == 2
        error = capsys.readouterr().err
        assert f"{house}: is there already" in error and "\n  next: ls -la " in error
        if kind == "directory":
            assert sorted(house.iterdir()) == names
            shutil.rmtree(house)
            house.write_text("")
        elif kind == "file":
            house.unlink()
            house.symlink_to(tmp_path / "gone")
    assert sorted(path.name for path in tmp_path.iterdir() if "wheelhouse" in path.name) == [
        "wheelhouse"
    ]


def test_failed_copy_leaves_no_wheelhouse(
    several: Vendored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(source: Path, destination: Path) -> None:
        raise OSError(28, "No space left on device", str(destination))

    monkeypatch.setattr("vendor_fetch.reports.export.shutil.copyfile", copy)
    before = sorted(tmp_path.iterdir())
    house = tmp_path / "wheelhouse"
    assert several.run("export", "--format", "wheelhouse", "--output", str(house)) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_file_that_changes_meanwhile_is_not_exported(
    several: Vendored,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def copy(source: Path, destination: Path) -> None:
        destination.write_bytes(b"changed")

    monkeypatch.setattr("vendor_fetch.reports.export.shutil.copyfile", copy)
    house = tmp_path / "wheelhouse"
    assert several.run("export", "--format", "wheelhouse", "--output", str(house)) == 1
    assert "changed while it was copied" in capsys.readouterr().err
    assert not house.exists()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--format", "wheelhouse"], "export: a wheelhouse is a directory"),
        (
            ["--format", "pylock", "--output", "lock.toml"],
            "--output: 'lock.toml' must be pylock.toml or pylock.NAME.toml (PEP 751)",
        ),
        (
            ["--format", "pylock", "--output", "pylock.a.b.toml"],
            "--output: 'pylock.a.b.toml' must be",
        ),
    ],
)
def test_wrong_output_is_an_error(
    words: list[str], fault: str, vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendored.run("export", *words) == 2
    error = capsys.readouterr().err
    assert error.startswith(fault)
    assert "\n  next: ve/bin/python -m vendor_fetch export --format " in error


def test_wrong_format_is_an_error(vendored: Vendored, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--format", "poetry"]):
        with pytest.raises(SystemExit) as raised:
            vendored.run("export", *words)
        assert raised.value.code == 2
    assert "none of pylock, requirements, wheelhouse" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["pylock", "requirements"])
def test_two_versions_for_one_place_are_refused(
    name: str, vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel("tiny", "1.0")
    vendored.wheel("tiny", "2.0")
    for markers in ({}, {"tiny-2.0-py3-none-any.whl": 'sys_platform == "linux"'}):
        vendored.lock(tools=["tiny-2.0-py3-none-any.whl"], markers=markers)
        assert vendored.run("export", "--format", name) == 0
        capsys.readouterr()
        assert vendored.run("export", "--format", name, "--tools") == 2
        assert "have tiny 1.0 and 2.0, of which an installer takes one" in capsys.readouterr().err


TWO = """targets = [
    { python = "3.11", platform = "linux-x86_64" },
    { python = "3.12", platform = "linux-x86_64" },
    { python = "3.13", platform = "linux-x86_64" },
]"""


def two_versions(vendored: Vendored, *markers: str, tools: bool = False) -> None:
    """Lock tiny 1.0 and 2.0 with these markers."""
    vendored.settings(TWO, python=">=3.11,<3.15")  # uv runs with 3.14 on some systems
    wheels = [vendored.wheel("tiny", version) for version in ("1.0", "2.0")]
    vendored.lock(
        markers={wheel.name: marker for wheel, marker in zip(wheels, markers, strict=True)},
        tools=[wheels[1].name] if tools else [],
    )


@pytest.mark.parametrize(
    "markers",
    [
        ('python_version < "3.12"', 'python_version >= "3.12"'),
        ('python_full_version < "3.12.4"', 'python_full_version >= "3.12.4"'),
        # On no target both hold.
        ("", 'sys_platform == "win32"'),
        ('python_version == "3.11"', 'python_version != "3.11" or python_version == "3.10"'),
    ],
)
def test_two_versions_for_different_targets_are_exported(
    markers: tuple[str, str], vendored: Vendored, tmp_path: Path
) -> None:
    two_versions(vendored, *markers)
    lock = exported(vendored, "pylock", tmp_path / "pylock.toml")
    read = Pylock.from_dict(tomllib.loads(lock.read_text()))
    assert [str(each.version) for each in read.packages] == ["1.0", "2.0"]
    listed = exported(vendored, "requirements", tmp_path / "requirements.txt")
    for python in ("3.11.0", "3.12.3", "3.12.4", "3.13.1"):
        environment = {"python_version": python[:4], "python_full_version": python}
        [version] = [
            str(each.version)
            for each in read.packages
            if each.marker is None or each.marker.evaluate(environment)
        ]
        for source in (lock, listed):
            assert uv_takes(source, python, vendored) == f"tiny=={version}"


def uv_takes(source: Path, python: str, vendored: Vendored) -> str:
    """What uv installs of an exported file when it is that Python."""
    hashes = ["--require-hashes"] if source.suffix == ".txt" else []
    run = subprocess.run(
        [
            *(
                find_uv_bin(),
                "pip",
                "install",
                "--dry-run",
                "--offline",
                "--no-config",
                "--no-index",
            ),
            *("--find-links", vendored.source, *hashes, "--requirement", source),
            *("--target", source.parent / "nowhere", "--python", sys.executable),
            *("--python-version", python, "--python-platform", "x86_64-manylinux_2_28"),
        ],
        cwd=source.parent,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    [installed] = [line[3:] for line in run.stderr.splitlines() if line.startswith(" + ")]
    return installed.partition(" ")[0]


def test_pip_takes_one_of_two_versions(vendored: Vendored, tmp_path: Path) -> None:
    two_versions(vendored, f'python_version != "{PYTHON}"', f'python_version == "{PYTHON}"')
    run = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pip",
                "install",
                "--dry-run",
                "--no-index",
                "--ignore-installed",
            ),
            *("--disable-pip-version-check", "--require-hashes", "--find-links", vendored.source),
            *("-r", exported(vendored, "requirements", tmp_path / "requirements.txt")),
        ],
        env={"PIP_CONFIG_FILE": os.devnull, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "Would install tiny-2.0"


@pytest.mark.parametrize(
    ("markers", "places"),
    [
        (('python_version < "3.13"', 'python_version > "3.11"'), "Python 3.12 on linux-x86_64"),
        (
            ('python_full_version < "3.12.5"', 'python_full_version >= "3.12.4"'),
            "Python 3.12.4 on linux-x86_64",
        ),
    ],
)
def test_markers_that_overlap_are_refused(
    markers: tuple[str, str],
    places: str,
    vendored: Vendored,
    capsys: pytest.CaptureFixture[str],
) -> None:
    two_versions(vendored, *markers)
    assert vendored.run("export", "--format", "requirements") == 2
    fault = f"the locks have tiny 1.0 and 2.0 for {places}, of which an installer takes one"
    assert fault in capsys.readouterr().err


def test_wheelhouse_has_both_versions(vendored: Vendored, tmp_path: Path) -> None:
    two_versions(vendored, "", "", tools=True)
    house = tmp_path / "house"
    words = ("export", "--format", "wheelhouse", "--output", str(house), "--tools")
    assert vendored.run(*words) == 0
    assert len(list(house.glob("tiny-*.whl"))) == 2
