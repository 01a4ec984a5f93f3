"""Markdown text: tables and code."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines
    )


def code(text: str) -> str:
    """Return `text` as code."""
    return f"`{text}`"


def code_names(names: Iterable[str]) -> str:
    """Return a list of names as code."""
    return ", ".join(map(code, names))
