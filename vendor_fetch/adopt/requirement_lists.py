"""Find the list of requirements that the live site is installed from, among those of a project."""

import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from vendor_fetch.adopt.own_directories import own_files
from vendor_fetch.adopt.requirements_file import text_of_list

_SUFFIXES = (".in", ".txt", ".pip")
# Each file in these is a list. In the others, a list has one of the usual names.
_FOLDERS = ("requirements", "requirement", "reqs")
_NAMED = re.compile(r"requirement|\breqs?\b|pip[-_]freeze", re.IGNORECASE)
_DEPTH = 3
# The words that names of lists have besides "requirements", the list of the live site first.
_PRODUCTION = {"production", "prod", "prd", "live", "deploy", "deployment", "server"}
_PLAIN = {"requirements", "requirement", "reqs", "req", "pip", "freeze"}
_BASE = {"base", "common", "core", "main", "default", "apps", "app", "all", "project", "frozen"}
# --from alone takes the lists of other environments.
_OTHERS = {
    *("dev", "devel", "develop", "development", "local", "debug", "tools", "optional", "extra"),
    *("test", "tests", "testing", "ci", "travis", "tox", "lint", "linting", "qa", "style", "mypy"),
    *("doc", "docs", "documentation", "rtd", "readthedocs", "build", "typing", "types", "bench"),
    *("example", "examples", "demo", "stage", "staging", "constraint", "constraints", "windows"),
}
_OF_OTHERS = 4
_WORD = re.compile(r"[a-z]+")
_INCLUDE = re.compile(r"(?:-r\s*|--requirement[\s=]\s*)(\S+)")
_DJANGO = re.compile(r"^\s*django\b(?!-)", re.IGNORECASE | re.MULTILINE)
_COMMAND = re.compile(r"^#\s+(?:uv )?pip[- ]compile\b(?P<words>.*)$", re.MULTILINE)
_VIA = re.compile(r"#.*?-r (?P<path>[^\s,()]+)")


def site_lists(root: Path, *, is_near: bool = False) -> list[Path]:
    """Return the list of requirements of the live site, and the one that pip-compile made of it.

    A list that is only for the live site, and does not include the shared one, follows them.
    With `is_near`, only lists in the root and in its requirements/ count.
    """
    found = [
        path
        for path in every_list(root)
        if _rank(path, root) < _OF_OTHERS and (not is_near or _depth(path, root) < 2)
    ]
    if not found:
        return []
    best = min(found, key=lambda path: (_depth(path, root) // 2, path.suffix != ".in"))
    beside = [path for path in found if path.parent == best.parent]
    production = [path for path in beside if not _rank(path, root)]
    shared = [path for path in beside if path not in production]
    best = min(shared or [best], key=lambda path: path.suffix != ".in")
    first, *more = _with_production(_instead(best, found, root), production)
    sources = [path for path in found if is_compiled(first, path)]
    first = sources[0] if sources else first
    compiled = [path for path in found if is_compiled(path, first)]
    return [first, *compiled[:1], *more]


def every_list(root: Path) -> list[Path]:
    """Return all lists of requirements in a project, the likeliest ones of the live site first."""
    found = [path for path in own_files(root, _DEPTH) if _is_list(path)]
    return sorted(
        found, key=lambda path: (_depth(path, root), _rank(path, root), path.suffix != ".in", path)
    )


def is_compiled(file: Path, source: Path) -> bool:
    """Return whether pip-compile, or uv, has made a list of the list `source`, and of no other one."""
    if source.suffix != ".in" or file.suffix == ".in":
        return False
    if file.parent == source.parent and file.stem == source.stem:
        return True
    if file.with_suffix(".in").is_file():
        return False
    text = _text(file)
    command = _COMMAND.search(text)
    named = [word for word in command["words"].split() if word.endswith(".in")] if command else []
    paths = {Path(os.path.normpath(name)) for name in named or _VIA.findall(text)}
    return len(paths) == 1 and all(source.parts[-len(each.parts) :] == each.parts for each in paths)


def constraints_beside(lists: Iterable[Path], root: Path) -> list[Path]:
    """Return the files of limits that stand beside the lists, which `pip install -c` may name."""
    folders = dict.fromkeys((root, *(path.parent for path in lists)))
    return [path for folder in folders if is_constraints(path := folder / "constraints.txt")]


def is_constraints(path: Path) -> bool:
    """Return whether a file has the usual name of a list of limits."""
    return path.name == "constraints.txt" and path.is_file()


def _is_list(path: Path) -> bool:
    if path.suffix not in _SUFFIXES or path.name == "constraints.txt":
        return False
    return bool(_NAMED.search(path.stem)) or path.parent.name.lower() in _FOLDERS


def _depth(path: Path, root: Path) -> int:
    """Return how far from the root a list is: 0 in the root, 1 in its requirements/, or more."""
    parts = path.relative_to(root).parts
    return len(parts) - 1 if parts[0].lower() in (*_FOLDERS, path.name.lower()) else len(parts)


def _rank(path: Path, root: Path) -> int:
    """Return how likely a list is the one of the live site, by its name: 0 is the likeliest."""
    words = set(_WORD.findall(path.stem.lower()))
    folders = {word for part in path.relative_to(root).parts[:-1] for word in _WORD.findall(part)}
    if (words | folders) & _OTHERS:
        return _OF_OTHERS
    if words & _PRODUCTION:
        return 0
    if words <= _PLAIN:
        return 1
    return 2 if words & _BASE else 3


def _with_production(best: Path, production: Sequence[Path]) -> list[Path]:
    """Return the lists to read if there may be one that is only for the live site.

    It includes what it shares with other environments, or pip gets both lists.
    """
    if not production or best in production or production[0] in _includes(best):
        return [best]
    if _includes(production[0]) or _DJANGO.search(_text(production[0])):
        return [production[0]]
    return [best, production[0]]


def _includes(path: Path) -> set[Path]:
    """Return the lists that a list includes, and those that they include."""
    found: set[Path] = set()
    queue = [path]
    while queue:
        current = queue.pop()
        targets = {
            Path(os.path.normpath(current.parent / match[1]))
            for match in map(_INCLUDE.fullmatch, _lines(current))
            if match
        }
        new = {each for each in targets if each.is_file()} - found
        found |= new
        queue += new
    return found


def _text(path: Path) -> str:
    """Return the text of a list; nothing if it can't be read, which its reader reports."""
    try:
        return text_of_list(path)
    except (OSError, UnicodeDecodeError):
        return ""


def _lines(path: Path) -> list[str]:
    lines = (line.partition(" #")[0].strip() for line in _text(path).splitlines())
    return [line for line in lines if line and line[0] != "#"]


def _instead(path: Path, found: Collection[Path], root: Path) -> Path:
    """Return the list to read instead of one that has but one line, `-r LIST`.

    Developers' lists give way to the one of the live site, and compiled lists to their sources.
    """
    match = _INCLUDE.fullmatch("\n".join(_lines(path)))
    if not match:
        return path
    target = Path(os.path.normpath(path.parent / match[1]))
    live = [each for each in found if each != path and _rank(each, root) in (0, 2)]
    if target.is_relative_to(root) and _rank(target, root) == _OF_OTHERS and live:
        return live[0]
    is_made = target in found and any(is_compiled(target, each) for each in found)
    return target if is_made else path
