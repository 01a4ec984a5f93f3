"""Each test that docs/rolf-security.md names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/rolf-security.md").read_text()


def existing() -> set[str]:
    """Return the names of all tests of this repository."""
    found: set[str] = set()
    for directory in (ROOT / "rolf", ROOT / "tests"):
        for path in directory.rglob("test*.py"):
            if "ve" not in path.relative_to(directory).parts:
                found |= set(re.findall(r"def (test_\w+)\(", path.read_text()))
    return found


def test_each_test_on_the_page_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 100
    assert sorted(named - existing()) == []


def test_each_requirement_has_a_test() -> None:
    tables = PAGE.partition("## Not met")[0]
    rows = re.findall(r"^\| (\d+\.\d+\.\d+.*)$", tables, re.M)
    assert len(rows) > 70
    assert [row for row in rows if "`test_" not in row] == []
