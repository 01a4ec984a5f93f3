"""A second run of anything makes no request and writes nothing."""

from collections import Counter
from pathlib import Path

import pytest

from tests.support import tarballs
from tests.support.index import Index, make_tarball
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, snapshot, vendor
from tests.vendor.test_targets import SIX, targets
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.shared_versions import leaders


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """A project of six targets with wheels and a tarball whose metadata is dynamic."""
    for version in ("1.0", "2.0"):
        make_wheel(index.directory, "app", version, requires=["code", "made"])
        for python in ("cp311", "cp312", "cp313"):
            for platform in ("manylinux_2_17_x86_64", "macosx_11_0_arm64"):
                tag = f"{python}-{python}-{platform}"
                make_wheel(index.directory, "code", version, tag=tag)
    tarballs.make_tarball(
        index.directory,
        "made",
        build=[],
        backend="backend",
        backend_path=".",
        files={"backend.py": BACKEND},
    )
    made = make_project("app<2", settings=targets(*SIX))
    text = (made / "pyproject.toml").read_text()
    line = next(each for each in text.splitlines() if each.startswith("requires-python"))
    (made / "pyproject.toml").write_text(text.replace(line, 'requires-python = ">=3.11,<3.14"'))
    return made


BACKEND = """
import os


def prepare_metadata_for_build_wheel(directory, settings=None):
    os.mkdir(directory + "/made-1.0.dist-info")
    with open(directory + "/made-1.0.dist-info/METADATA", "w") as file:
        file.write("Metadata-Version: 2.1\\nName: made\\nVersion: 1.0\\n")
    return "made-1.0.dist-info"


def build_wheel(directory, settings=None, metadata=None):
    raise SystemExit("not to be built")
"""


@pytest.fixture
def synced(project: Path, index: Index) -> Path:
    assert vendor(project) == 0
    assert vendor(project, "check") == 0
    return project


def test_first_sync_asks_once_for_each_page_and_file(
    project: Path, index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    assert vendor(project) == 0
    pages = Counter(path for path in index.asked if path.startswith("/simple/"))
    assert set(pages) == {
        f"/simple/{name}/" for name in ("app", "code", "made", "pip", "virtualenv")
    }
    assert set(pages.values()) == {1}
    files = Counter(index.downloads)
    # uv reads the metadata of a tarball on its own.
    assert files.pop("made-1.0.tar.gz") <= 2
    assert set(files.values()) == {1}


def test_build_requirement_of_several_tarballs_is_downloaded_once(
    index: Index, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The virtualenvs of the build backends take the vendored file."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    for name in ("one", "two"):
        make_tarball(index.directory, name, build=["flit_core>=3"])
    assert vendor(make_project("one", "two")) == 0
    assert index.downloads.count("flit_core-80.0-py3-none-any.whl") == 1


def test_leaders_have_every_python_and_platform() -> None:
    every = [
        Target(python=python, platform=platform)
        for python in ("3.11", "3.12", "3.13")
        for platform in ("linux-x86_64", "linux-aarch64", "macos-arm64")
    ]
    found = leaders(every)
    assert [(each.python, each.platform) for each in found] == [
        ("3.11", "linux-x86_64"),
        ("3.12", "linux-aarch64"),
        ("3.13", "macos-arm64"),
    ]
    assert leaders(every[:2]) == every[:2]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([], 0),
        (["sync"], 0),
        (["add", "app<2"], 0),
        (["remove", "gone"], 2),
        (["check"], 0),
        (["check", "--simulate"], 0),
        (["why", "code"], 0),
        (["size"], 0),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else None,
)
def test_second_run_asks_and_writes_nothing(
    words: list[str], status: int, synced: Path, index: Index, tmp_path: Path
) -> None:
    index.asked.clear()
    before, cached = snapshot(synced), snapshot(tmp_path / "cache")
    assert vendor(synced, *words) == status
    assert index.asked == []
    assert snapshot(synced) == before
    assert snapshot(tmp_path / "cache") == cached


@pytest.mark.parametrize("words", [["upgrade"], ["upgrade", "code"]], ids=" ".join)
def test_second_upgrade_downloads_and_writes_nothing(
    words: list[str], synced: Path, index: Index
) -> None:
    assert vendor(synced, *words) == 0
    before = snapshot(synced)
    index.asked.clear()
    assert vendor(synced, *words) == 0
    assert index.downloads == []
    assert snapshot(synced) == before


def test_second_remove_asks_and_writes_nothing(
    synced: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "more")
    assert vendor(synced, "add", "more") == 0
    assert vendor(synced, "remove", "more") == 0
    index.asked.clear()
    before = snapshot(synced)
    assert vendor(synced, "remove", "more") == 2
    assert "requirements/apps.in: more: no line asks for it" in capsys.readouterr().err
    assert index.asked == []
    assert snapshot(synced) == before


def test_upgrade_right_after_a_sync_sees_a_new_release(synced: Path, index: Index) -> None:
    """The pages that the targets of the sync have shared are not used again."""
    make_wheel(index.directory, "app", "1.5", requires=["code", "made"])
    assert vendor(synced, "upgrade") == 0
    assert (synced / "requirements/src/app-1.5-py3-none-any.whl").is_file()
