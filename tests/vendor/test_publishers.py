"""Who published a file, as the index states it, is compared with the locked version's publisher."""

import json
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import PYTHON, MakeProject, changes, files, snapshot, vendor
from vendor_fetch.download.project_page import ConfiguredIndexes, Unanswered
from vendor_fetch.download.publisher import read_publisher

OURS = {"kind": "GitHub", "repository": "example/tiny", "workflow": "release.yml"}
OTHERS = {"kind": "GitHub", "repository": "stranger/tiny", "workflow": "release.yml"}
OLD, MIDDLE, NEW = (f"tiny-{version}-py3-none-any.whl" for version in ("1.0", "1.5", "2.0"))


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """tiny 1.0 is vendored, and the index has 2.0 by now."""
    make_wheel(index.directory, "tiny", "1.0")
    made = make_project("tiny")
    assert vendor(made) == 0
    make_wheel(index.directory, "tiny", "2.0")
    return made


def warnings(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line.startswith("warning:")]


def requests(index: Index, kind: str) -> list[str]:
    return [path for path in index.asked if path.startswith(f"/{kind}/")]


def test_publisher_is_in_the_table(
    project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    index.publishers |= {OLD: OURS, NEW: {**OURS, "workflow": "publish.yml"}}
    capsys.readouterr()
    assert vendor(project, "upgrade") == 0
    printed = capsys.readouterr().out
    row = ["1.0", "2.0", "0.00 MB", "GitHub example/tiny", "requirements/apps.in:1"]
    assert changes(printed) == {"tiny": row}
    assert not warnings(printed)


@pytest.mark.parametrize(("publisher", "name"), [(OTHERS, "GitHub stranger/tiny"), (None, "none")])
def test_changed_publisher_is_a_warning(
    publisher: dict[str, str] | None,
    name: str,
    project: Path,
    index: Index,
    capsys: pytest.CaptureFixture[str],
) -> None:
    index.publishers[OLD] = OURS
    if publisher:
        index.publishers[NEW] = publisher
    capsys.readouterr()
    assert vendor(project, "upgrade", "--json") == 0
    printed = capsys.readouterr()
    warning = f"warning: tiny: its publisher changed: GitHub example/tiny for 1.0; {name} for 2.0"
    assert json.loads(printed.out)["warnings"] == [warning]
    assert files(project) == [NEW]


@pytest.mark.parametrize("words", [("upgrade",), ("add", "tiny>=2"), ("sync",)])
def test_strict_refuses_a_changed_publisher(
    words: tuple[str, ...],
    project: Path,
    index: Index,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    index.publishers |= {OLD: OURS, NEW: OTHERS}
    if words == ("sync",):
        make_project("tiny>=2")
    before = snapshot(project)
    capsys.readouterr()
    assert vendor(project, *words, "--strict") == 1
    printed = capsys.readouterr().err
    assert printed.startswith(
        "--strict: tiny: its publisher changed: GitHub example/tiny for 1.0; "
    )
    assert "\n  next: " in printed
    assert snapshot(project) == before
    index.publishers[NEW] = OURS
    assert vendor(project, *words, "--strict") == 0
    assert files(project) == [NEW]


def test_no_other_version_is_compared(
    project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny", "1.5")
    index.publishers[MIDDLE] = OTHERS
    capsys.readouterr()
    assert vendor(project, "upgrade", "--strict") == 0
    assert not warnings(capsys.readouterr().out)
    assert requests(index, "integrity") == []


def test_first_publisher_is_no_warning(
    project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    index.publishers[NEW] = OURS
    capsys.readouterr()
    assert vendor(project, "upgrade", "--strict") == 0
    assert changes(capsys.readouterr().out)["tiny"][3] == "GitHub example/tiny"


def test_replaced_locked_file_is_not_compared(project: Path, index: Index) -> None:
    make_wheel(index.directory, "tiny", "1.0", requires=["pip"])
    index.publishers |= {OLD: OURS, NEW: OTHERS}
    assert vendor(project, "upgrade", "--strict") == 0
    assert files(project) == [NEW]


def test_index_without_provenance_is_asked_for_pages_alone(
    project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    index.asked.clear()
    capsys.readouterr()
    assert vendor(project, "upgrade", "--strict") == 0
    printed = capsys.readouterr().out
    assert "publisher" not in printed
    assert not warnings(printed)
    assert {path for path in index.asked if not path.endswith(".metadata")} == {
        *("/simple/tiny/", "/simple/pip/", "/simple/virtualenv/", f"/files/{NEW}"),
    }


def test_pages_and_provenances_are_for_changed_packages(project: Path, index: Index) -> None:
    index.publishers |= {path.name: OURS for path in index.directory.iterdir()}
    assert vendor(project, "upgrade") == 0
    assert sorted(requests(index, "integrity")) == [f"/integrity/{OLD}", f"/integrity/{NEW}"]


def test_provenance_of_another_host_is_not_read(
    project: Path, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Index(tmp_path / "other") as other:
        index.publishers |= {OLD: OURS, NEW: OTHERS}
        monkeypatch.setattr(Index, "host", other.host)
        assert vendor(project, "upgrade", "--strict") == 0
        assert other.asked == []
    assert files(project) == [NEW]


def test_provenance_needs_the_login_of_the_index(
    project: Path,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    index.publishers |= {OLD: OURS, NEW: OTHERS}
    index.login = ("reader", "pass word")
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace(" ", "%20"))
    capsys.readouterr()
    assert vendor(project, "upgrade") == 0
    printed = capsys.readouterr().out
    assert len(warnings(printed)) == 1
    assert "pass" not in printed


@pytest.mark.parametrize("faulty", ["", "[]", "{}", '{"attestation_bundles": [{}]}', "<html>"])
def test_faulty_provenance_is_no_match(
    faulty: str, project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    index.publishers |= {OLD: OURS, NEW: faulty}
    before = snapshot(project)
    capsys.readouterr()
    assert vendor(project, "upgrade", "--strict") == 1
    assert snapshot(project) == before
    assert vendor(project, "upgrade") == 0
    [warning] = warnings(capsys.readouterr().out)
    assert warning.startswith(f"warning: {NEW}: its provenance can't be read: ")


@pytest.mark.parametrize(
    ("publishers", "name"),
    [
        ([OURS], "GitHub example/tiny"),
        ([OURS, OURS], "GitHub example/tiny"),
        ([OURS, OTHERS], "GitHub example/tiny and GitHub stranger/tiny"),
        (
            [{"kind": "GitLab", "repository": "group/tiny", "workflow_filepath": "ci.yml"}],
            "GitLab group/tiny",
        ),
        ([{"kind": "Google", "email": "robot@example.org"}], "Google robot@example.org"),
        ([{"kind": "Else\x1b[31m", "repository": "a\nb"}], "Else a b"),
        ([{"kind": "Else"}], "Else"),
    ],
)
def test_publisher_has_a_kind_and_an_identity(publishers: list[dict[str, str]], name: str) -> None:
    bundles = [{"publisher": each, "attestations": []} for each in publishers]
    content = json.dumps({"version": 1, "attestation_bundles": bundles}).encode()
    assert read_publisher(content) == name


def test_wheels_of_several_targets_are_compared(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f"""targets = [
        {{ python = "{PYTHON}", platform = "linux-x86_64" }},
        {{ python = "{PYTHON}", platform = "macos-arm64" }},
    ]"""
    wheels = [
        make_wheel(index.directory, "tiny", version, tag=f"py3-none-{tag}").name
        for version in ("1.0", "2.0")
        for tag in ("manylinux_2_17_x86_64", "macosx_11_0_arm64")
    ]
    project = make_project("tiny<2", settings=settings)
    assert vendor(project) == 0
    index.publishers |= dict.fromkeys(wheels[:3], OURS)
    make_project("tiny", settings=settings)
    capsys.readouterr()
    assert vendor(project, "upgrade") == 0
    assert warnings(capsys.readouterr().out) == [
        "warning: tiny: its publisher changed: GitHub example/tiny for 1.0; none for 2.0"
    ]


def test_page_that_fails_is_a_warning(
    project: Path,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise Unanswered("503 Server Error")

    monkeypatch.setattr(ConfiguredIndexes, "get", fail)
    before = snapshot(project)
    assert vendor(project, "upgrade", "--strict") == 1
    assert snapshot(project) == before
    capsys.readouterr()
    assert vendor(project, "upgrade") == 0
    assert warnings(capsys.readouterr().out) == [
        "warning: tiny: the index does not say who published it: 503 Server Error"
    ]


def test_file_of_an_address_is_unknown_to_the_index(
    project: Path, index: Index, tmp_path: Path
) -> None:
    wheel = make_wheel(tmp_path / "elsewhere", "private")
    assert vendor(project, "add", f"private @ {wheel.as_uri()}") == 0
    assert "private-1.0-py3-none-any.whl" in files(project)
    assert "/simple/private/" not in index.asked


def test_file_of_another_index_is_compared(
    project: Path,
    index: Index,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    index.publishers[OLD] = OURS
    with Index(tmp_path / "extra") as extra:
        wheel = make_wheel(extra.directory, "tiny", "3.0")
        extra.publishers[wheel.name] = OTHERS
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", extra.url)
        assert vendor(project, "upgrade", "--strict") == 1
    assert "GitHub example/tiny for 1.0; GitHub stranger/tiny for 3.0" in capsys.readouterr().err


@pytest.mark.parametrize("with_json", [True, False])
def test_name_stays_at_the_index_that_has_it(
    with_json: bool,
    project: Path,
    index: Index,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An index of one's own comes first, and the public one need not know its names."""
    with Index(tmp_path / "public") as public:
        monkeypatch.setenv("UV_INDEX", index.url)
        monkeypatch.setenv("UV_DEFAULT_INDEX", public.url)
        if with_json:
            index.publishers |= {OLD: OURS, NEW: OURS}
        assert vendor(project, "upgrade", "--strict") == 0
        assert public.asked == []
    assert files(project) == [NEW]


def test_strict_needs_the_index(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(project, "upgrade", "--dry-run") == 0
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    assert vendor(project, "upgrade", "--strict") == 1
    assert "VENDOR_FETCH_OFFLINE forbids the index\n" in capsys.readouterr().err
    assert vendor(project, "upgrade") == 0
