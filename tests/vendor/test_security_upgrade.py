"""`upgrade --security` leaves no known advisory, by the smallest upgrades that apps.in allows."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, TOOLS, read
from tests.support.advisories import osv, write_zip
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import PYTHON, MakeProject, changes, snapshot, vendor

Upgrade = Callable[..., int]


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """app asks for tiny. Both are vendored at 1.0, and so is calm."""
    for name, requires in (("app", ["tiny"]), ("tiny", []), ("calm", [])):
        make_wheel(index.directory, name, "1.0", requires=requires)
    made = make_project("app", "calm")
    assert vendor(made) == 0
    for version in ("1.1", "1.2", "2.0rc1", "2.0", "3.0"):
        make_wheel(index.directory, "tiny", version)
        make_wheel(index.directory, "calm", version)
        make_wheel(index.directory, "app", version, requires=["tiny"])
    return made


@pytest.fixture
def upgrade(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Upgrade:
    """`upgrade(record, …)` runs `upgrade --security` with these advisories."""

    def run(*records: dict[str, object], words: tuple[str, ...] = ()) -> int:
        path = write_zip(tmp_path / "all.zip", records)
        capsys.readouterr()
        return vendor(project, "upgrade", "--security", "--advisories", str(path), *words)

    return run


def versions(project: Path) -> dict[str, str]:
    return {file.distribution.name: file.distribution.version for file in read(project, APPS)}


@pytest.mark.parametrize(
    ("records", "version"),
    [
        ([osv("X-1", "tiny", "0-1.1")], "1.1"),
        ([osv("X-1", "tiny", "0-1.1"), osv("X-2", "tiny", "1.1-2.0")], "2.0"),
        ([osv("X-1", "Tiny", "0-1.1.5")], "1.2"),
        ([osv("X-1", "tiny", "0..1.0")], "1.1"),
        ([osv("X-1", "tiny", "0..1.1", "2.0-3.0")], "1.2"),
        ([osv("X-1", "tiny", versions=["1.0", "1.1", "2.0"])], "1.2"),
        ([osv("X-1", "tiny", "0-2.0rc1")], "2.0"),
        (
            [osv("X-1", "tiny", "0-1.1"), osv("X-2", "tiny", "1.1-1.2", withdrawn="2026-01-01")],
            "1.1",
        ),
    ],
)
def test_smallest_version_without_an_advisory(
    records: list[dict[str, object]], version: str, upgrade: Upgrade, project: Path
) -> None:
    assert upgrade(*records) == 0
    assert versions(project) == {"app": "1.0", "calm": "1.0", "tiny": version}
    assert vendor(project, "check") == 0


def test_no_finding_writes_nothing(
    upgrade: Upgrade, project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    before, asked = snapshot(project), list(index.asked)
    assert upgrade(osv("X-1", "tiny", "2.0-3.0")) == 0
    age, result = capsys.readouterr().out.splitlines()
    assert "all.zip: 1 advisory, the newest of 2026-01-01, " in age
    assert result == "No known advisory"
    assert upgrade(osv("X-1", "tiny", "0-2.0"), words=("calm",)) == 0
    assert snapshot(project) == before
    assert index.asked == asked


@pytest.mark.parametrize(
    ("affected", "found"), [("0-1.1", ["1.1", "2.0"]), ("2.0-3.0", ["1.0", "3.0"])]
)
def test_target_with_a_later_version_keeps_it(
    affected: str, found: list[str], upgrade: Upgrade, project: Path, make_project: MakeProject
) -> None:
    targets = f"""targets = [
        {{ python = "{PYTHON}", platform = "linux-x86_64" }},
        {{ python = "{PYTHON}", platform = "macos-arm64" }},
    ]"""
    lines = ('tiny<2 ; sys_platform == "linux"', 'tiny>=2,<3 ; sys_platform != "linux"')
    make_project(*lines, settings=targets)
    assert vendor(project) == 0
    make_project(lines[0], lines[1].replace(",<3", ""), settings=targets)
    status = upgrade(osv("X-1", "tiny", affected))
    vendored = sorted(file.distribution.version for file in read(project, APPS))
    assert (status, vendored) == (0, found)


def test_names_limit_the_upgrade(upgrade: Upgrade, project: Path) -> None:
    records = osv("X-1", "tiny", "0-1.1"), osv("X-2", "calm", "0-1.1")
    assert upgrade(*records, words=("calm",)) == 0
    assert versions(project) == {"app": "1.0", "calm": "1.1", "tiny": "1.0"}
    assert upgrade(*records) == 0
    assert versions(project) == {"app": "1.0", "calm": "1.1", "tiny": "1.1"}


def test_tools_are_upgraded(upgrade: Upgrade, project: Path, index: Index) -> None:
    make_wheel(index.directory, "virtualenv", "81.0")
    make_wheel(index.directory, "virtualenv", "82.0")
    assert upgrade(osv("X-1", "virtualenv", "0-81.0")) == 0
    tools = {file.distribution.name: file.distribution.version for file in read(project, TOOLS)}
    assert tools == {"pip": "80.0", "virtualenv": "81.0"}


def test_forbidden_fix_names_the_line(
    upgrade: Upgrade,
    project: Path,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_project("app", "calm", "# Ours.", "tiny<1.2")
    assert vendor(project) == 0
    before = snapshot(project)
    assert upgrade(osv("X-1", "tiny", "0-1.2")) == 1
    printed = capsys.readouterr().err.splitlines()
    assert printed[0] == (
        "requirements/apps.in:4: asks for tiny<1.2; tiny 1.0 has X-1, and the smallest version "
        "without a known advisory is 1.2"
    )
    assert printed[1].startswith("  next: ${EDITOR:-vi} requirements/apps.in  # allow tiny 1.2, ")
    assert snapshot(project) == before


def test_fix_that_a_package_forbids_names_the_chain(
    index: Index,
    make_project: MakeProject,
    upgrade: Upgrade,
    project: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_wheel(index.directory, "strict", requires=["tiny<1.1"])
    make_project("strict", "calm")
    assert vendor(project) == 0
    assert upgrade(osv("X-1", "tiny", "0-1.1"), osv("X-2", "calm", "0-1.1")) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(
        "requirements/apps.in:1: asks for strict, which needs tiny; tiny 1.0 has X-1, and "
    )
    # The other fix is not lost.
    assert versions(project) == {"calm": "1.1", "strict": "1.0", "tiny": "1.0"}


def test_every_forbidden_fix_is_listed(
    upgrade: Upgrade, project: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project("app", "calm<1.1", "tiny<1.1")
    assert vendor(project) == 0
    assert upgrade(osv("X-1", "tiny", "0-1.1"), osv("X-2", "calm", "0-1.1")) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("requirements/apps.in: 2 packages keep a known advisory\n")
    assert "requirements/apps.in:2: asks for calm<1.1; calm 1.0 has X-2, " in printed
    assert "requirements/apps.in:3: asks for tiny<1.1; tiny 1.0 has X-1, " in printed


def test_line_that_limits_a_fix_is_named(
    upgrade: Upgrade, project: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project("app", "calm", "-c limits.in")
    (project / "requirements/limits.in").write_text("tiny<1.1\n")
    assert vendor(project) == 0
    assert upgrade(osv("X-1", "tiny", "0-1.1")) == 1
    assert capsys.readouterr().err.startswith("requirements/limits.in:1: asks for tiny<1.1; ")


def test_package_without_a_fix_is_an_error(
    upgrade: Upgrade, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upgrade(osv("X-1", "tiny", "0-")) == 1
    assert capsys.readouterr().err.startswith(
        "tiny: tiny 1.0 has X-1, and the index has no later version without a known advisory\n"
    )
    assert versions(project)["tiny"] == "1.0"


def test_fix_that_does_not_fit_gives_way_to_the_next(
    index: Index, upgrade: Upgrade, project: Path, make_project: MakeProject
) -> None:
    make_project("app", "calm!=1.1")
    make_wheel(index.directory, "tiny", "1.1", requires=["calm>2"])
    assert upgrade(osv("X-1", "tiny", "0-1.1"), osv("X-2", "calm", "0-1.1")) == 0
    assert versions(project) == {"app": "1.0", "calm": "1.2", "tiny": "1.2"}


def test_what_the_fix_forces_moves_as_well(
    index: Index, upgrade: Upgrade, project: Path, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "strict", requires=["tiny<1.1"])
    make_project("strict", "calm")
    assert vendor(project) == 0
    make_wheel(index.directory, "strict", "2.0", requires=["tiny"])
    assert upgrade(osv("X-1", "tiny", "0-1.1")) == 0
    assert versions(project) == {"calm": "1.0", "strict": "2.0", "tiny": "1.1"}


def test_security_passes_the_cooldown(
    index: Index,
    make_project: MakeProject,
    upgrade: Upgrade,
    project: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_project("app", "calm", settings='cooldown = "7 days"')
    for path in index.directory.iterdir():
        index.uploaded[path.name] = datetime(2020, 1, 1, tzinfo=UTC)
    index.uploaded["tiny-1.1-py3-none-any.whl"] = datetime.now(UTC) - timedelta(days=1)
    assert upgrade(osv("X-1", "tiny", "0-1.1")) == 0
    printed = capsys.readouterr().out
    row = ["1.0", "1.1", "0.00 MB", "1 day, passes cooldown", "app"]
    assert changes(printed) == {"tiny": row}
    assert "tiny 1.1 is not affected by X-1\n" in printed


def test_ignored_advisory_does_not_count(
    upgrade: Upgrade, project: Path, make_project: MakeProject
) -> None:
    ignore = '[[tool.vendor_fetch.ignore]]\nid = "X-1"\nuntil = 2099-01-01\nreason = "not reached"'
    make_project("app", "calm", settings=ignore)
    assert upgrade(osv("X-1", "tiny", "0-1.1")) == 0
    assert versions(project)["tiny"] == "1.0"


def test_dry_run_and_json(
    upgrade: Upgrade, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(project)
    assert upgrade(osv("X-1", "tiny", "0-1.1"), words=("--dry-run", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(each["name"], each["old"], each["new"]) for each in found["changes"]] == [
        ("tiny", "1.0", "1.1")
    ]
    assert found["dry_run"] is True
    assert snapshot(project) == before
    assert upgrade(osv("X-1", "tiny", "2.0-"), words=("--json",)) == 0
    assert json.loads(capsys.readouterr().out) == {"changes": [], "warnings": [], "dry_run": False}


@pytest.mark.parametrize("content", [b"", b"no zip file", None])
def test_unusable_advisories_are_an_error(
    content: bytes | None, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "advisories.zip"
    if content is not None:
        path.write_bytes(content)
    before = snapshot(project)
    assert vendor(project, "upgrade", "--security", "--advisories", str(path)) == 2
    assert str(path) in capsys.readouterr().err
    assert vendor(project, "upgrade", "--security") == 2
    assert "no advisories" in capsys.readouterr().err
    assert vendor(project, "upgrade", "--advisories", str(path)) == 2
    assert capsys.readouterr().err.startswith("--advisories: is for the advisories of --security")
    assert snapshot(project) == before


def test_old_advisories_are_an_error(upgrade: Upgrade, capsys: pytest.CaptureFixture[str]) -> None:
    record = osv("X-1", "tiny", "0-1.1", modified="2020-01-01T00:00:00Z")
    assert upgrade(record, words=("--max-age", "30 days")) == 2
    assert "days old, --max-age allows 30 days" in capsys.readouterr().err


def test_dead_index_is_no_missing_fix(
    upgrade: Upgrade, project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    index.stop()
    before = snapshot(project)
    assert upgrade(osv("X-1", "tiny", "0-1.1")) == 1
    assert "can be reached" in capsys.readouterr().err
    assert snapshot(project) == before


def test_package_that_the_index_lacks_has_no_fix(
    upgrade: Upgrade, project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in index.directory.glob("tiny-*"):
        path.unlink()
    assert upgrade(osv("X-1", "tiny", "0-1.1"), osv("X-2", "calm", "0-1.1")) == 1
    assert capsys.readouterr().err.startswith("tiny: tiny 1.0 has X-1, and the index has no later ")
    assert versions(project) == {"app": "1.0", "calm": "1.1", "tiny": "1.0"}


def test_identifier_of_an_advisory_controls_no_terminal(
    upgrade: Upgrade, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upgrade(osv("X-1\x1b]0;title\x07\nnext: rm", "tiny", "0-1.1")) == 0
    printed = capsys.readouterr()
    assert "tiny 1.1 is not affected by X-1 next: rm\n" in printed.out
    assert "\x1b" not in printed.out + printed.err
