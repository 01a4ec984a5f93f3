"""Dependency files of many kinds, rebuilt after real ones: each line is in the table once.

Each directory of `data/` is a kind: the project is in `site/`, and `golden.txt` has what it becomes
(GOLDEN=1 writes it). `empty-files.txt` lists files of the project that may not be in a repository.
"""

import configparser
import json
import os
import shutil
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from vendor_fetch.adopt.adoption import Adoption, adopt
from vendor_fetch.adopt.dependency_files import find_files, read_files

DATA = Path(__file__).parent / "data"
KINDS = sorted(path.name for path in DATA.iterdir())
OUTCOMES = {"taken", "merged", "changed", "refused"}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a kind."""
    copy = tmp_path / request.param
    shutil.copytree(DATA / request.param, copy)
    for name in _lines(copy / "empty-files.txt"):
        path = copy / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return copy


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def adopted(kind: Path) -> Adoption:
    root = kind / "site"
    return adopt(read_files(find_files(root).read, root, ()))


def test_each_line_is_in_the_table_once(kind: Path) -> None:
    found = Counter(row.place.partition(":")[0] for row in adopted(kind).rows)
    assert found == {name: count for name, count in counted(kind / "site").items() if count}


def test_each_row_says_what_to_do(kind: Path) -> None:
    rows = adopted(kind).rows
    assert rows
    for row in rows:
        assert row.outcome in OUTCOMES
        if row.outcome == "refused":
            assert len(row.detail) > 20, row
        if row.outcome in ("merged", "changed"):
            assert row.detail, row
    places = [row.place for row in rows if ".txt:" in row.place]
    assert len(places) == len(set(places))


def test_lines_and_versions_are_the_golden_ones(kind: Path) -> None:
    adoption = adopted(kind)
    sections = {
        "apps.in": adoption.lines,
        "constraints.txt": adoption.limits,
        "locked": [line for lines in adoption.constraints.values() for line in lines],
        "rows": [f"{row.outcome} {row.place} {row.text} -- {row.detail}" for row in adoption.rows],
    }
    text = "".join(
        f"[{title}]\n" + "".join(f"{line}\n" for line in lines) + "\n"
        for title, lines in sections.items()
    )
    golden = DATA / kind.name / "golden.txt"
    if os.environ.get("GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_no_secret_is_printed(kind: Path) -> None:
    assert "hunter2" not in str(adopted(kind).rows)


def counted(root: Path) -> dict[str, int]:
    """Count what stands in the files, without vendor_fetch's readers."""
    files = [path for path in root.parent.rglob("*") if path.is_file()]
    counts = {}
    for path in files:
        name = os.path.relpath(path, root)
        if path.suffix == ".txt" and path.name not in ("golden.txt", "empty-files.txt"):
            if path.name not in ("requirements-dev.txt",):
                counts[name] = _in_list(path.read_bytes())
        elif path.name in _COUNTS and path.parent == root:
            counts[name] = _COUNTS[path.name](path)
    return counts


def _in_list(content: bytes) -> int:
    encoding = "utf-16" if content[:2] == b"\xff\xfe" else "utf-8"
    rows = content.decode(encoding).replace("\r", "").replace("\\\n", " ").split("\n")
    return sum(bool(row.strip()) and not row.strip().startswith("#") for row in rows)


def _in_pyproject(path: Path) -> int:
    content = tomllib.loads(path.read_text())
    project, tool = content.get("project", {}), content.get("tool", {})
    poetry, pdm, uv = (tool.get(name, {}) for name in ("poetry", "pdm", "uv"))
    groups: list[Mapping[str, Any]] = [
        project.get("optional-dependencies", {}),
        content.get("dependency-groups", {}),
        pdm.get("dev-dependencies", {}),
    ]
    tables = [
        poetry.get("dependencies", {}),
        poetry.get("dev-dependencies", {}),
        *(each.get("dependencies", {}) for each in poetry.get("group", {}).values()),
    ]
    return (
        len(project.get("dependencies", []))
        + sum(len(members) for each in groups for members in each.values())
        + sum(
            len(each) if isinstance(each, list) else 1
            for table in tables
            for each in table.values()
        )
        + len(uv.get("index", []))
        + len(pdm.get("source", []))
        + len(poetry.get("source", []))
    )


def _in_pipfile(path: Path) -> int:
    content = tomllib.loads(path.read_text())
    return sum(len(content.get(key, ())) for key in ("packages", "dev-packages", "source"))


def _in_pipfile_lock(path: Path) -> int:
    content = json.loads(path.read_text())
    return len(content["default"]) + len(content["develop"]) + len(content["_meta"]["sources"])


def _in_setup_cfg(path: Path) -> int:
    parser = configparser.RawConfigParser()
    parser.read(path)
    values = [
        parser["options"]["install_requires"],
        *dict(parser["options.extras_require"]).values(),
    ]
    return sum(
        bool(item.strip())
        for value in values
        for item in (value.split("\n") if "\n" in value else value.split(";"))
    )


_COUNTS = {
    "pyproject.toml": _in_pyproject,
    "Pipfile": _in_pipfile,
    "Pipfile.lock": _in_pipfile_lock,
    "setup.cfg": _in_setup_cfg,
    "uv.lock": lambda path: path.read_text().count("[[package]]"),
    "poetry.lock": lambda path: path.read_text().count("[[package]]"),
    "pdm.lock": lambda path: path.read_text().count("[[package]]"),
    "pylock.toml": lambda path: path.read_text().count("[[packages]]"),
    # Five requirements in three lists, and one expression.
    "setup.py": lambda _: 6,
}
