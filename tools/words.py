"""Find words that make a sentence hard to read, and print what to write instead (`make lint`).

The list has habits of this project's old prose. It covers comments, strings, names and documents,
because a reader meets all of them.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# Each pattern stands between word boundaries, where an underscore is one.
INSTEAD = {
    r"anew": "again, new, newly",
    r"whoever": "a user who, the user who, the process that",
    r"told( so)?": "reported, printed, given",
    r"said": "printed, reported, named",
    r"mend(s|ed|ing)?": "repair, fix, correct",
    r"somebody who": "a user who",
    r"lets? us( not)?( in)?": "permission denied; allows",
    r"who may": "which users can; permission",
    r"who comes": "a user who; the next process",
    r"be come by": "be created, be obtained",
    r"none of (it|them) is": "no ... is",
    r"nothing of it": "none of",
    r"is (none|nobody)'s": "belongs to no",
}
PATTERNS = {
    re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE): better
    for words, better in INSTEAD.items()
}
# History is not rewritten; this file has the words themselves.
EXEMPT = {"CHANGELOG.md", "tools/words.py"}
SUFFIXES = {
    ".py",
    ".md",
    ".html",
    ".txt",
    ".toml",
    ".cfg",
    ".js",
    ".css",
    ".sh",
    ".bash",
    ".conf",
    ".service",
    "",
}


def findings(root: Path) -> Iterator[str]:
    """Yield `file:line:column: word: what to write instead` for each finding in tracked files."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = root / name
        if name in EXEMPT or path.suffix not in SUFFIXES or not path.is_file():
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            for pattern, better in PATTERNS.items():
                for match in pattern.finditer(line):
                    yield f'{name}:{number}:{match.start() + 1}: "{match[0]}": write {better}'


def main() -> int:
    """Print the findings; return 1 if there are any."""
    found = list(findings(REPOSITORY))
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} words to replace; tools/words.py has the list")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
