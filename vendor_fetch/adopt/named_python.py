"""Find the one Python that a project names in a file for a version manager, a host or Docker."""

import re
from pathlib import Path

_VERSION = re.compile(r"^\s*(?:python-|cpython-)?(\d+\.\d+)(?:\.\d+)?\s*$", re.MULTILINE)
_FILES = {
    ".python-version": _VERSION,
    "runtime.txt": _VERSION,
    ".tool-versions": re.compile(r"^python\s+(\d+\.\d+)", re.MULTILINE),
    "Pipfile": re.compile(r'^python_(?:full_)?version\s*=\s*"(\d+\.\d+)', re.MULTILINE),
    "Pipfile.lock": re.compile(r'"python_(?:full_)?version":\s*"(\d+\.\d+)'),
    "Dockerfile": re.compile(
        r"^FROM\s+(?:--\S+\s+)?(?:\S+/)?python:(\d+\.\d+)", re.MULTILINE | re.IGNORECASE
    ),
}


def named_python(root: Path) -> str:
    """Return the Python that a file of a project names, such as 3.12; empty if none does."""
    for name, pattern in _FILES.items():
        if match := pattern.search(_text(root / name)):
            return match[1]
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
