"""What docs/deploying.md has from the code itself: keys, recipes, commands.

    python -m tests.deploy.documentation      writes them into the page anew
"""

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

from bootstrapper.__main__ import COMMANDS
from bootstrapper.commands.parsers import project_parser
from bootstrapper.deploy.definition import schema
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.recipes.recipe import Recipe

PAGE = Path(__file__).parents[2] / "docs/deploying.md"
PROGRAM = "python -m bootstrapper"

# `NAME    what it is for`, or `NAME, NAME    …`, in a recipe's comment.
_OPTIONAL = re.compile(r"^([A-Z][A-Z0-9_]*(?:, [A-Z][A-Z0-9_]*)*) {2,}\S", re.MULTILINE)


def keys() -> str:
    """Every key of deployments.toml."""
    return schema.documentation().rstrip("\n")


def recipes() -> list[Recipe]:
    """Those that everyone starts with."""
    return RecipeCatalog(Path("/nonexistent")).all()


def cookbook() -> str:
    """Our recipes, with the settings that they take."""
    return _table(["recipe", "what it does", "needs", "takes as well", "runs"], [
        [f"`{recipe.name}`", recipe.summary.removesuffix("."), _code(recipe.needs),
         _code(optional(recipe)), ("on each host" if recipe.per_host else "once")
         + (", switches" if recipe.switches else "")
         + (", from release" if recipe.from_release else "")] for recipe in recipes()])


def optional(recipe: Recipe) -> list[str]:
    """The settings that a recipe can do without, as its comment lists them."""
    return [name for names in _OPTIONAL.findall(recipe.description) for name in names.split(", ")]


def commands() -> str:
    """Every command that has to do with deployments, and its options; first those of all."""
    shared = list(_options(project_parser()))
    parts = ["All of them take, after the command's name:\n\n"
             + _table(["option", "what it does"], shared)]
    for name, said, parser in deploying():
        options = [row for row in _options(parser) if row not in shared]
        parts.append(f"**`{_usage(name, parser)}`**: {said}.")
        parts += [_table(["option", "what it does"], options)] if options else []
    return "\n\n".join(parts)


def deploying() -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """The commands that have to do with deployments: name, help and parser."""
    choices = argparse.ArgumentParser(allow_abbrev=False).add_subparsers()
    for module in dict.fromkeys(COMMANDS.values()):
        import_module(f"bootstrapper.commands.{module}").add(choices, PROGRAM)
    said = {action.dest: action.help or "" for action in choices._choices_actions}
    for name, module in COMMANDS.items():
        if module != "ve":
            yield name, said[name], choices.choices[name]


PARTS: dict[str, Callable[[], str]] = {"keys": keys, "commands": commands, "cookbook": cookbook}


def part(page: str, name: str) -> str:
    """What the page has between the two comments of that name."""
    start, end = _span(page, name)
    return page[start:end]


def written(page: str) -> str:
    """The page, with all parts as the code says them now."""
    for name, text in PARTS.items():
        start, end = _span(page, name)
        page = page[:start] + text() + page[end:]
    return page


def _span(page: str, name: str) -> tuple[int, int]:
    match = re.search(rf"<!-- {name}: [^>]*-->\n(.*?)\n<!-- end of {name} -->", page, re.DOTALL)
    assert match, f"docs/deploying.md has no <!-- {name}: … --> with an <!-- end of {name} -->"
    return match.span(1)


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    if parser.usage:
        return parser.usage
    required = [action for action in parser._actions if action.required and action.option_strings]
    words = [f"{action.option_strings[0]} {action.metavar}" for action in required]
    return " ".join([PROGRAM, name, *words, *(
        str(action.metavar) if str(action.metavar).startswith("[") else f"[{action.metavar}]"
        for action in parser._actions if not action.option_strings)])


def _options(parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    for action in parser._actions:
        if action.option_strings and "--help" not in action.option_strings:
            value = f" {action.metavar}" if action.nargs != 0 else ""
            yield [", ".join(f"`{word}{value}`" for word in action.option_strings),
                   (action.help or "") % vars(action)]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |"
                     for line in lines)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
