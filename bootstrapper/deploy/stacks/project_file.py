"""Read files of a project that may be missing, huge, or not what their name says."""

import json
import re
from pathlib import Path
from typing import Any

_LARGEST = 300_000  # bytes


def read_text(path: Path) -> str:
    """Return the text of a file; empty if there is no such file, or if it can't be read."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ""
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file has; empty if it has none."""
    try:
        value = json.loads(read_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def table_of(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return the object below the keys of a JSON document; empty if there is none."""
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def value_of(text: str, key: str) -> str:
    """Return the text of `key` in the top level of YAML or TOML; empty if it isn't plain text there."""
    found = re.search(
        rf"""^{key}[ \t]*[:=][ \t]*(?P<quote>["']?)(?P<text>[^"'#\n]*)(?P=quote)""",
        text,
        re.MULTILINE | re.IGNORECASE,
    )
    return found["text"].strip() if found else ""


def first_of(project: Path, *names: str) -> str:
    """Return the first of the names that is a file of the project, or an empty string."""
    return next((name for name in names if (project / name).is_file()), "")


def has_make_target(project: Path, target: str) -> bool:
    """Return whether make has that target in the project: the same lines that unit-tests looks for."""
    pattern = re.compile(rf"^([^:=#\s]+ +)*{target}( [^:=\n]*)?:([^=]|$)", re.MULTILINE)
    makefiles = (project / name for name in ("GNUmakefile", "makefile", "Makefile"))
    return any(pattern.search(read_text(path)) for path in makefiles)
