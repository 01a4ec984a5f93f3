"""Print how large the code is, at one or more commits: `python -m tools.figures 9d8f5a4 HEAD`.

The formatter adds lines without adding code, so each commit is formatted before it is counted.
"""

import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tools.markdown import table
from tools.words import REPOSITORY, findings

SMALL = 40
# The template's files are Jinja; migrations are written by Django.
LEFT_OUT = ("<<", "hooks/", "template_extensions.py")
HEADINGS = ("part", "modules", "lines", "median", f"under {SMALL}", "statements", "imports")


@dataclass(frozen=True, kw_only=True)
class Module:
    """What is counted of a Python file."""

    part: str
    lines: int
    statements: int
    imports: int


def part(name: str) -> str:
    """Return the part of the house that a file belongs to."""
    names = name.split("/")
    if "tests" in names[:-1] or names[-1].startswith("test"):
        return "tests"
    if names[0] == "bootstrapper":
        return f"bootstrapper/{names[1]}" if names[1] in ("ve", "deploy") else "bootstrapper, rest"
    return names[0] if names[0] in ("vendor_fetch", "rolf") else "tools, benchmarks"


def modules(tree: Path) -> Iterator[Module]:
    """Yield the counts of each module with more than a docstring."""
    for path in sorted(tree.rglob("*.py")):
        name = str(path.relative_to(tree))
        if name.startswith(LEFT_OUT) or "/migrations/" in name:
            continue
        text = path.read_text(encoding="utf-8")
        nodes = list(ast.walk(ast.parse(text)))
        statements = sum(isinstance(node, ast.stmt) for node in nodes)
        if statements > 1:
            yield Module(
                part=part(name),
                lines=len(text.splitlines()),
                statements=statements,
                imports=sum(isinstance(node, (ast.Import, ast.ImportFrom)) for node in nodes),
            )


def rows(tree: Path) -> Iterator[tuple[str, ...]]:
    """Yield the name and the counts of each part of a tree, as HEADINGS name them."""
    parts: dict[str, list[Module]] = {}
    for module in modules(tree):
        parts.setdefault(module.part, []).append(module)
    for name, found in sorted(parts.items()):
        lines = [module.lines for module in found]
        counts = (
            len(found),
            sum(lines),
            median(lines),
            sum(number < SMALL for number in lines),
            sum(module.statements for module in found),
            sum(module.imports for module in found),
        )
        yield name, *(f"{count:,g}" for count in counts)


def words(tree: Path) -> float:
    """Return how many words of the list (tools/words.py) there are in 1,000 lines of all files."""
    names = subprocess.run(
        ["git", "ls-files"], cwd=tree, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    texts = (tree / name for name in names)
    lines = sum(path.read_bytes().count(b"\n") for path in texts if path.is_file())
    return 1000 * len(list(findings(tree))) / lines


def main() -> None:
    """Print a section (Markdown) for each commit that the command line names."""
    for commit in sys.argv[1:] or ["HEAD"]:
        with tempfile.TemporaryDirectory() as directory:
            tree = Path(directory, "tree")
            git = ["git", "-C", str(REPOSITORY), "worktree"]
            subprocess.run([*git, "add", "--quiet", "--detach", tree, commit], check=True)
            try:
                rate = words(tree)
                style = ["--isolated", "--line-length=100", "--target-version=py311"]
                ruff = [sys.executable, "-m", "ruff", "format", "--quiet", *style, "."]
                subprocess.run(ruff, cwd=tree, check=False)  # it can't read the template's Jinja
                print(f"## {commit}\n\nWords of the list in 1,000 lines: {rate:.1f}.\n")
                print(f"{table(HEADINGS, rows(tree))}\n")
            finally:
                subprocess.run([*git, "remove", "--force", tree], check=True)


if __name__ == "__main__":
    main()
