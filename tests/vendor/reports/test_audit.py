"""`audit` finds what the advisories say, and never takes an unusable file for a clean result."""

import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.advisories import osv, write_zip
from tests.vendor.reports.conftest import HOSTILE, SERVER_AND_MAC, Json, Vendored, is_plain
from vendor_fetch.reports import audit_report
from vendor_fetch.reports.osv import parse_advisory

TODAY = datetime.now(UTC).date()


@pytest.fixture
def advisories(tmp_path: Path) -> Callable[..., str]:
    """`advisories(record, …)` writes them into a zip file; returns its path."""
    return lambda *records: str(write_zip(tmp_path / "all.zip", records))


@pytest.fixture
def tiny(vendored: Vendored) -> Vendored:
    """The project asks for app, which needs tiny 1.5."""
    vendored.wheel("app", requires=["tiny"])
    vendored.wheel("tiny", "1.5")
    vendored.lock(["app"])
    return vendored


@pytest.mark.parametrize(
    ("version", "ranges", "versions", "affected"),
    [
        ("1.5", ["0-2.0"], [], True),
        ("2.0", ["0-2.0"], [], False),
        ("2.0rc1", ["0-2.0"], [], True),
        ("2.0.dev1", ["0-2.0"], [], True),
        ("2.0.post1", ["0-2.0"], [], False),
        ("1.5", ["1.5-2.0"], [], True),
        ("1.5", ["1.5.0-2.0"], [], True),
        ("1.5rc1", ["1.5-2.0"], [], False),
        ("1.10", ["1.2-1.9"], [], False),
        ("1.5", ["0..1.5"], [], True),
        ("1.5.1", ["0..1.5"], [], False),
        ("1.5", ["0-"], [], True),
        ("9!1.0", ["0-"], [], True),
        ("1.5+local.1", ["0-1.5"], [], False),
        # A local version is a build of its public version.
        ("1.5+cu121", ["0..1.5"], [], True),
        ("1.5+cu121", [], ["1.5"], True),
        ("1.5+cu121", [], ["1.5+cu118"], False),
        # Several ranges of one list of events, in any order.
        ("1.5", ["2.0-2.1", "0-1.6"], [], True),
        ("1.7", ["2.0-2.1", "0-1.6"], [], False),
        ("2.0", ["2.0-2.1", "0-1.6"], [], True),
        ("2.0", ["1.0-2.0", "2.0-3.0"], [], True),
        ("3.0", ["1.0-2.0", "2.0-3.0"], [], False),
        # Listed versions count besides the ranges.
        ("1.5", [], ["1.5"], True),
        ("1.5", [], ["1.5.0"], True),
        ("1.5", [], ["1.4", "1.6"], False),
        ("1.5", ["2.0-3.0"], ["1.5"], True),
        ("2004d", ["0-3000"], [], False),
        ("2004d", [], ["2004d"], True),
        ("1.5", [], ["2004d"], False),
        ("1.5", [], [], False),
    ],
)
def test_versions_are_compared_as_osv_says(
    version: str, ranges: list[str], versions: list[str], affected: bool
) -> None:
    record = parse_advisory(osv("X-1", "tiny", *ranges, versions=versions))
    assert record.affected[0].affects(version) is affected


@pytest.mark.parametrize(
    ("limit", "affected"), [("2.0", True), ("1.5", False), ("1.0", False), ("*", True)]
)
def test_limit_ends_a_range(limit: str, affected: bool) -> None:
    record = osv("X-1", "tiny", "0-")
    record["affected"][0]["ranges"][0]["events"].append({"limit": limit})
    assert parse_advisory(record).affected[0].affects("1.5") is affected


def test_finding_says_what_where_why_and_what_to_do(
    tiny: Vendored, advisories: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = advisories(
        osv(
            "GHSA-1",
            "Tiny",
            "0-1.6",
            aliases=["CVE-2026-1"],
            summary="Opens a door",
            database_specific={"severity": "HIGH"},
        )
    )
    assert tiny.run("audit", "--advisories", path) == 1
    age = (TODAY - datetime(2026, 1, 1).date()).days
    assert capsys.readouterr().out == (
        f"{path}: 1 advisory, the newest of 2026-01-01, {age} days old\n"
        "tiny 1.5: GHSA-1, CVE-2026-1 (HIGH)\n"
        "  what: Opens a door\n"
        "  why here: requirements/apps.in:1 asks for app, which needs tiny\n"
        "  fixed in: 1.6\n"
        f"  next: ve/bin/python -m vendor_fetch upgrade --security --advisories {path} tiny\n"
        "1 known vulnerability in 1 package\n"
    )


def test_no_finding_is_success_and_shows_the_age(
    tiny: Vendored, advisories: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = advisories(osv("X-1", "tiny", "2.0-3.0"), osv("X-2", "other", "0-"))
    assert tiny.run("audit", "--advisories", path) == 0
    out = capsys.readouterr().out
    assert re.search("2 advisories, the newest of 2026-01-01, [0-9]+ days old\n", out)
    assert out.endswith("no known vulnerability\n")


def test_directory_of_records_is_read(tiny: Vendored, tmp_path: Path) -> None:
    (tmp_path / "osv/deep").mkdir(parents=True)
    (tmp_path / "osv/deep/X-1.json").write_text(json.dumps(osv("X-1", "tiny", "0-")))
    (tmp_path / "osv/README.md").write_text("no record")
    assert tiny.run("audit", "--advisories", str(tmp_path / "osv")) == 1


def test_withdrawn_and_foreign_records_do_not_count(
    tiny: Vendored, advisories: Callable[..., str]
) -> None:
    foreign = osv("X-2", "tiny", "0-")
    foreign["affected"][0]["package"]["ecosystem"] = "npm"
    git = osv("X-3", "tiny")
    git["affected"][0]["ranges"] = [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}]
    path = advisories(
        osv("X-1", "tiny", "0-", withdrawn="2026-01-02T00:00:00Z"),
        foreign,
        git,
        {"id": "X-4", "modified": "2026-01-01T00:00:00Z"},
    )
    assert tiny.run("audit", "--advisories", path) == 0


def test_aliases_are_one_finding_with_all_ids(
    tiny: Vendored, advisories: Callable[..., str], printed_json: Json
) -> None:
    path = advisories(
        osv("PYSEC-1", "tiny", "0-1.6", aliases=["CVE-1"]),
        osv("GHSA-1", "tiny", "0-1.7", aliases=["CVE-1"], summary="from GitHub"),
        osv("OTHER-1", "tiny", "0-", aliases=["GHSA-1"]),
        osv("GHSA-2", "tiny", "0-1.6"),
    )
    found = printed_json("audit", "--advisories", path)["findings"]
    assert [each["ids"] for each in found] == [
        ["GHSA-1", "OTHER-1", "PYSEC-1", "CVE-1"],
        ["GHSA-2"],
    ]
    assert found[0]["summary"] == "from GitHub"


@pytest.mark.parametrize(
    ("ranges", "fixed"),
    [
        (["0-1.6"], "1.6"),
        (["1.0-1.2", "1.4-1.6", "2.0-2.1"], "1.6"),
        # 1.6 does not help: the next range contains it.
        (["0-1.6", "1.6-1.7"], "1.7"),
        (["0-2.0rc1", "2.0-2.1"], "2.1"),
        (["0-2.0rc1"], "2.0rc1"),
        (["0..1.9"], ""),
        (["0-"], ""),
    ],
)
def test_smallest_version_that_helps_is_named(
    ranges: list[str],
    fixed: str,
    tiny: Vendored,
    advisories: Callable[..., str],
    printed_json: Json,
) -> None:
    path = advisories(osv("X-1", "tiny", *ranges))
    [found] = printed_json("audit", "--advisories", path)["findings"]
    assert found["fixed"] == fixed


def test_finding_without_a_fix_has_a_next_step(
    tiny: Vendored, advisories: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny.run("audit", "--advisories", advisories(osv("X-1", "tiny", "0-"))) == 1
    out = capsys.readouterr().out
    assert "  fixed in: no known version\n  next: ${EDITOR:-vi} requirements/apps.in  # " in out


def test_each_vendored_version_is_audited(
    vendored: Vendored, advisories: Callable[..., str], printed_json: Json
) -> None:
    for version in ("1.5", "2.0"):
        vendored.wheel("tiny", version)
    vendored.wheel("pip", "1.0")
    vendored.lock(tools=["pip-1.0-py3-none-any.whl"])
    path = advisories(osv("X-1", "tiny", "0-1.9"), osv("X-2", "pip", "0-"))
    [found] = printed_json("audit", "--advisories", path)["findings"]
    assert (found["name"], found["version"]) == ("tiny", "1.5")
    found = printed_json("audit", "--advisories", path, "--tools")["findings"]
    assert [(each["name"], each["chain"]) for each in found] == [
        ("pip", ["bootstrap.py", "pip"]),
        ("tiny", ["requirements/apps.in:1", "tiny"]),
    ]


@pytest.mark.parametrize("until", [TODAY, TODAY + timedelta(days=30)])
def test_ignored_finding_is_listed_until_the_date(
    until: object,
    tiny: Vendored,
    advisories: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = advisories(osv("GHSA-1", "tiny", "0-", aliases=["CVE-1"]))
    words = ("audit", "--advisories", path, "--ignore", "cve-1", "--until", str(until))
    assert tiny.run(*words) == 0
    assert capsys.readouterr().out.endswith(
        f"tiny 1.5: GHSA-1, CVE-1: ignored until {until}\nno other known vulnerability, 1 ignored\n"
    )


def test_expired_ignore_does_not_count(tiny: Vendored, advisories: Callable[..., str]) -> None:
    path = advisories(osv("GHSA-1", "tiny", "0-"))
    yesterday = str(TODAY - timedelta(days=1))
    words = ("audit", "--advisories", path)
    assert tiny.run(*words, "--ignore", "GHSA-1", "--until", yesterday) == 1
    table = '[[tool.vendor_fetch.ignore]]\nid = "GHSA-1"\nuntil = {}\nreason = "not reached"'
    tiny.settings(table.format(yesterday))
    assert tiny.run(*words) == 1
    tiny.settings(table.format(f'"{TODAY}"'))
    assert tiny.run(*words) == 0


def test_project_ignores_with_a_reason(
    tiny: Vendored, advisories: Callable[..., str], printed_json: Json
) -> None:
    tiny.settings(
        f'[[tool.vendor_fetch.ignore]]\nid = "GHSA-1"\nuntil = {TODAY}\nreason = "not reached"'
    )
    path = advisories(osv("GHSA-1", "tiny", "0-"), osv("GHSA-2", "tiny", "0-"))
    ignored, counted = printed_json("audit", "--advisories", path)["findings"]
    assert (ignored["ignored_until"], ignored["reason"]) == (str(TODAY), "not reached")
    assert (counted["ignored_until"], counted["reason"]) == (None, None)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--ignore", "X-1"], "audit: --ignore X-1 has no end: it needs --until\n"),
        (
            ["--ignore", "X-1", "--until", "2026-12-31", "--ignore", "X-2"],
            "audit: --ignore X-2 has no end",
        ),
        (["--until", "2026-12-31"], "audit: --until stands behind the --ignore that it ends"),
        (["--ignore", "X-1", "--until", "soon"], "audit: --until: 'soon' is not a date"),
        (
            ["--ignore", "X-1", "--until", "2026-02-30"],
            "audit: --until: '2026-02-30' is not a date",
        ),
        (["--max-age", "a month"], "--max-age: 'a month' is not an age such as"),
    ],
)
def test_wrong_option_is_an_error(
    words: list[str],
    fault: str,
    tiny: Vendored,
    advisories: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = advisories(osv("X-1", "tiny", "0-"))
    assert tiny.run("audit", "--advisories", path, *words) == 2
    error = capsys.readouterr().err
    assert error.startswith(fault)
    assert "\n  next: ve/bin/python -m vendor_fetch audit --" in error


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('id = "X-1"', "X-1 is ignored without an end: it needs until"),
        ('id = "X-1"\nuntil = "soon"', "until = 'soon' is not a date"),
        ('id = "X-1"\nuntil = 2026', "until = 2026 is not a date"),
        ("until = 2026-12-31", "it has no id"),
        ('id = "X-1"\nuntill = 2026-12-31', "it has no key 'untill'; did you mean"),
        ('id = "X-1"\nuntil = 2026-12-31\nreason = 1', "reason = 1 is not a text"),
    ],
)
def test_wrong_ignore_of_the_project_is_an_error(
    table: str, fault: str, tiny: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.settings(f"[[tool.vendor_fetch.ignore]]\n{table}")
    assert tiny.run("audit", "--advisories", "all.zip") == 2
    assert f"[[tool.vendor_fetch.ignore]] 1: {fault}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("days", "max_age", "status"),
    [
        (30, "30 days", 0),
        (31, "30 days", 2),
        (14, "2 weeks", 0),
        (15, "2w", 2),
        (2, "1d", 2),
        (0, "0 days", 0),
    ],
)
def test_advisories_that_are_too_old_are_refused(
    days: int,
    max_age: str,
    status: int,
    tiny: Vendored,
    advisories: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    newest = datetime.now(UTC) - timedelta(days=days)
    path = advisories(
        osv("X-1", "other", "0-"),
        osv("X-2", "other", "0-", modified=newest.strftime("%Y-%m-%dT%H:%M:%SZ")),
    )
    assert tiny.run("audit", "--advisories", path, "--max-age", max_age) == status
    output = capsys.readouterr()
    if status:
        assert f"its newest advisory is {days} days old, --max-age allows {max_age}" in output.err
        assert "no known" not in output.out


def damaged(record: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Replace a part of a record: `affected.0.versions`; None removes it."""
    *parents, last = path.split(".")
    place: Any = record
    for key in parents:
        place = place[int(key) if key.isdigit() else key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return record


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("id", None, "id is missing"),
        ("id", 7, "id is not a text"),
        ("modified", None, "modified is missing"),
        ("modified", "yesterday", "modified is 'yesterday', which is no time"),
        ("modified", "2026-13-45T00:00:00Z", "which is no time"),
        ("aliases", "CVE-1", "aliases is not a list of texts"),
        ("affected", {}, ""),
        ("affected", "tiny", "affected is not a list of objects"),
        ("affected.0.package", "tiny", "package is not an object"),
        ("affected.0.package.name", None, "name is missing"),
        ("affected.0.package.name", ["tiny"], "name is not a text"),
        ("affected.0.versions", {"1": 1}, "versions is not a list of texts"),
        ("affected.0.versions", [1.5], "versions is not a list of texts"),
        ("affected.0.ranges", "0", "ranges is not a list of objects"),
        ("affected.0.ranges.0.type", None, "type is missing"),
        ("affected.0.ranges.0.events", [], "a range has no events"),
        ("affected.0.ranges.0.events", ["0"], "events is not a list of objects"),
        ("affected.0.ranges.0.events", [{"introduced": 0}], "introduced is not a text"),
        ("affected.0.ranges.0.events", [{"introduced": "x.y"}], "introduced is 'x.y', which is no"),
        ("severity", "HIGH", "severity is not a list of objects"),
        ("summary", ["x"], "summary is not a text"),
    ],
)
def test_damaged_record_is_an_error(
    path: str,
    value: object,
    fault: str,
    tiny: Vendored,
    advisories: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = damaged(osv("X-1", "tiny", "2.0-3.0"), path, value)
    assert tiny.run("audit", "--advisories", advisories(record)) == 2
    output = capsys.readouterr()
    assert fault in output.err and "  next: ls -l " in output.err
    assert output.out == "" and "Traceback" not in output.err


def empty(path: Path) -> None:
    path.write_bytes(b"")


def no_zip(path: Path) -> None:
    path.write_bytes(b'{"id": "X-1"}')


def zip_without_members(path: Path) -> None:
    write_zip(path, [])


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def damaged_member(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[60:70] = bytes(10)
    path.write_bytes(content)


def truncated_json(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("X-9.json", json.dumps(osv("X-9", "tiny", "0-"))[:-20])


def json_of_another_type(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("X-9.json", "[1, 2]")


def deep_json(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("X-9.json", "[" * 200_000)


def text_that_is_not_utf8(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("X-9.json", b'{"id": "\xff"}')


def other_ecosystem(path: Path) -> None:
    record = osv("X-1", "tiny", "0-")
    record["affected"][0]["package"]["ecosystem"] = "npm"
    write_zip(path, [record])


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X-9.json", " " * (40 << 20))


def encrypted(path: Path) -> None:
    content = path.read_bytes()
    # The flag of the member's header, and of its entry in the directory.
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = content.index(signature) + offset
        content = content[:place] + b"\1" + content[place + 1 :]
    path.write_bytes(content)


def missing(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    "fault",
    [
        empty,
        no_zip,
        zip_without_members,
        truncated,
        damaged_member,
        truncated_json,
        json_of_another_type,
        deep_json,
        text_that_is_not_utf8,
        other_ecosystem,
        bomb,
        encrypted,
        missing,
    ],
)
def test_unusable_advisories_are_never_a_clean_result(
    fault: Callable[[Path], None],
    tiny: Vendored,
    advisories: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Path(advisories(osv("X-1", "other", "0-", summary="x" * 300)))
    assert tiny.run("audit", "--advisories", str(path)) == 0
    capsys.readouterr()
    fault(path)
    assert tiny.run("audit", "--advisories", str(path)) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"{path}: ") and "\n  next: ls -l " in output.err
    assert "Traceback" not in output.err and "unexpected" not in output.err


def test_empty_directory_is_an_error(tiny: Vendored, tmp_path: Path) -> None:
    (tmp_path / "osv").mkdir()
    assert tiny.run("audit", "--advisories", str(tmp_path / "osv")) == 2


def test_hostile_advisory_is_printed_as_plain_text(
    tiny: Vendored, advisories: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = advisories(
        osv(
            f"X-1{HOSTILE}",
            "tiny",
            "0-",
            aliases=[HOSTILE],
            summary=HOSTILE,
            database_specific={"severity": HOSTILE},
        ),
        osv("X-2", "tiny", "0-", summary="next: rm -rf ."),
        osv("X-3", "tiny", "0-", details="x" * 100_000),
    )
    assert tiny.run("audit", "--advisories", path) == 1
    output = capsys.readouterr()
    assert is_plain(output.out + output.err)
    assert max(map(len, output.out.splitlines())) < 600


def test_package_that_nothing_asks_for_is_a_finding(
    vendored: Vendored, advisories: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.wheel("tiny")
    vendored.lock([])
    assert vendored.run("audit", "--advisories", advisories(osv("X-1", "tiny", "0-"))) == 1
    assert "why here: no metadata says what asks for it" in capsys.readouterr().out


def test_unreadable_metadata_hides_no_finding(
    vendored: Vendored, advisories: Callable[..., str], printed_json: Json
) -> None:
    vendored.wheel("app", requires=["tiny @@"])
    vendored.wheel("tiny")
    vendored.lock(["app"])
    path = advisories(osv("X-1", "tiny", "0-"), osv("X-2", "app", "0-"))
    found = printed_json("audit", "--advisories", path)["findings"]
    assert [(each["name"], each["chain"]) for each in found] == [
        ("app", ["requirements/apps.in:1", "app"]),
        ("tiny", []),
    ]


def test_chain_follows_extras_and_markers(
    vendored: Vendored, advisories: Callable[..., str], printed_json: Json
) -> None:
    vendored.settings(SERVER_AND_MAC)
    vendored.wheel(
        "app",
        requires=[
            'fast; extra == "speed"',
            'slow; extra == "other"',
            'mac; sys_platform == "darwin"',
            'win; sys_platform == "win32"',
        ],
    )
    for name in ("fast", "slow", "mac", "win"):
        vendored.wheel(name, requires=["app"])
    vendored.lock(["app[speed]"])
    path = advisories(*(osv(f"X-{name}", name, "0-") for name in ("fast", "slow", "mac", "win")))
    found = printed_json("audit", "--advisories", path)["findings"]
    assert {each["name"]: each["chain"] for each in found} == {
        "fast": ["requirements/apps.in:1", "app", "fast"],
        "mac": ["requirements/apps.in:1", "app", "mac"],
        "slow": [],
        "win": [],
    }


def test_audit_json_has_the_documented_keys(
    tiny: Vendored, advisories: Callable[..., str], printed_json: Json
) -> None:
    result = printed_json("audit", "--advisories", advisories(osv("X-1", "tiny", "0-")))
    assert list(result) == list(audit_report.KEYS)
    [found] = result["findings"]
    assert list(found) == [key for keys in audit_report.FINDING_KEYS for key in keys.split(", ")]
    assert set(result["advisories"]) == {"place", "records", "modified", "age_days"}
