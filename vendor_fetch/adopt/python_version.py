"""Find the Python version that a project names."""

import re
import sys
from pathlib import Path

_VERSION = re.compile(r"^\s*(?:python-|cpython-)?(\d+\.\d+)(?:\.\d+)?\s*$", re.MULTILINE)
# Files that name one version.
_EXACT = {
    ".python-version": _VERSION,
    "runtime.txt": _VERSION,
    ".tool-versions": re.compile(r"^python\s+(\d+\.\d+)", re.MULTILINE),
    "Pipfile": re.compile(r'^python_(?:full_)?version\s*=\s*"(\d+\.\d+)', re.MULTILINE),
    "Pipfile.lock": re.compile(r'"python_(?:full_)?version":\s*"(\d+\.\d+)'),
    "Dockerfile": re.compile(
        r"^FROM\s+(?:--\S+\s+)?(?:\S+/)?python:(\d+\.\d+)", re.MULTILINE | re.IGNORECASE
    ),
}
# Files that name a range.
_RANGES = {
    "pyproject.toml": re.compile(
        r"""^(?:requires-python|python)\s*=\s*["']([^"']+)["']""", re.MULTILINE
    ),
    "setup.cfg": re.compile(r"^python_requires\s*=\s*(.+)$", re.MULTILINE),
}
_EXACTLY = re.compile(r"(?:~=|==|~)\s*(3\.\d+)\.[\d*]+|(?:==|~)\s*(3\.\d+)\s*$")
_AT_LEAST = re.compile(r"(?:>=|\^|~=)\s*(3\.\d+)")


def python_version(root: Path) -> str:
    """Return the Python that the project in a directory names, such as 3.12; empty if any will do."""
    for name, pattern in _EXACT.items():
        if match := pattern.search(_text(root / name)):
            return match[1]
    for name, pattern in _RANGES.items():
        match = pattern.search(_text(root / name))
        if match and (version := _of_range(match[1])):
            return version
    return ""


def _of_range(text: str) -> str:
    """Return the one version of a range, or its oldest if the running Python is older."""
    if exact := _EXACTLY.search(text):
        return exact[1] or exact[2]
    least = _AT_LEAST.search(text)
    if least and tuple(map(int, least[1].split("."))) > sys.version_info[:2]:
        return least[1]
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
