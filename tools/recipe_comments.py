"""The recipes of the cookbook, and their comments as Markdown."""

import re
from pathlib import Path

from bootstrapper.deploy.recipes import recipe
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.recipes.recipe import Recipe

# `NAME    what it is for`, or `NAME, NAME    …`, in a recipe's comment.
_SETTING = re.compile(r"([A-Z][A-Z0-9_]*(?:, [A-Z][A-Z0-9_]*)*) {2,}(\S.*)")


def recipes() -> list[Recipe]:
    """Return the recipes of the cookbook."""
    return RecipeCatalog(Path("/nonexistent")).all()


def optional(each: Recipe) -> dict[str, str]:
    """Return the settings that a recipe can do without, and what its comment says of each."""
    return described(each)[1]


def described(each: Recipe) -> tuple[str, dict[str, str]]:
    """Return the paragraphs of a recipe's comment as Markdown, and its optional settings."""
    settings: dict[str, str] = {}
    paragraphs = []
    for paragraph in _text(each).split("\n\n"):
        lines = paragraph.split("\n")
        if not _SETTING.fullmatch(lines[0]):
            indented = all(line.startswith("    ") for line in lines)
            paragraphs.append(
                paragraph
                if indented
                else " ".join(line.strip() for line in lines).replace("<", r"\<")
            )
            continue
        names: list[str] = []
        for line in lines:
            if found := _SETTING.fullmatch(line):
                names = found[1].split(", ")
                settings |= dict.fromkeys(names, found[2])
            else:
                settings |= {name: f"{settings[name]} {line.strip()}" for name in names}
    return "\n\n".join(paragraphs), settings


def _text(each: Recipe) -> str:
    """The comment with its indentation, without marks."""
    comment = re.match(r"(?:#.*\n)*", each.code)
    lines = [
        line.removeprefix("#").removeprefix(" ")
        for line in (comment[0] if comment else "").splitlines()
    ]
    return "\n".join(line for line in lines if not recipe.is_mark(line.strip())).strip()
