"""`cookbook`: list recipes, print one, import a cookbook of 2010."""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bootstrapper.commands.output import json_text, write, write_lines
from bootstrapper.commands.parsers import Subparsers, project_parser
from bootstrapper.deploy.definition.problems import definition_error
from bootstrapper.deploy.recipes.catalog import RECIPES, RecipeCatalog
from bootstrapper.deploy.recipes.recipe import Recipe
from bootstrapper.errors import InputError
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM, from_project
from bootstrapper.quoting import quoted
from bootstrapper.spelling import did_you_mean

_LIST = f"{PROGRAM} cookbook"
# The keys of `cookbook --json`; docs/reference.md prints this table.
KEYS = {
    "name": "the name of the recipe",
    "language": "`shell`, `python`, or `program` for a file with a shebang",
    "summary": "the first sentence of its comment",
    "description": "its comment",
    "needs": "a list of settings that it cannot run without",
    "per_host": "true for a recipe with that mark",
    "switches": "true for a recipe with that mark",
    "from_release": "true for a recipe with that mark",
    "hides": "true for a recipe with that mark; otherwise absent",
    "shows": "true for a recipe with that mark; otherwise absent",
    "resolves": "`git`, or an empty text",
    "origin": "`project` or `cookbook`",
    "file": "the file in the project, or null for a recipe of the cookbook",
    "shadows": "true for a recipe of the project that replaces one of the cookbook",
}


def add(commands: Subparsers, program: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "cookbook",
        parents=[project_parser()],
        allow_abbrev=False,
        usage=f"{program} cookbook [--json] [NAME] | import FILE [--force]",
        help="list the recipes, print one, or import a cookbook of 2010",
    )
    command.add_argument(
        "words",
        nargs="*",
        metavar="NAME | import FILE",
        help="print one recipe; or import the recipes of a CSV file, all or "
        "none (default: list the recipes)",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--force",
        action="store_true",
        help="with import: replace recipes of the project that differ",
    )
    command.set_defaults(run=_cookbook)


def _cookbook(options: argparse.Namespace) -> int:
    match options.words:
        case []:
            return _list(RecipeCatalog(options.project), as_json=options.json)
        case ["import", file]:
            return _import(options.project, Path(from_project(file)), force=options.force)
        case ["import", *files]:
            raise InputError(
                "cookbook import",
                "takes one file: the CSV of a cookbook of 2010",
                f"{_LIST} import {quoted(from_project(files[0]))}  # then the next one"
                if files
                else f"{_LIST} --help",
            )
        case [name]:
            return _print(RecipeCatalog(options.project), name, as_json=options.json)
        case [*words]:
            raise InputError(
                "cookbook",
                "takes one recipe; a name with spaces is one in quotes",
                f"{_LIST} {quoted(' '.join(words))}",
            )
    raise AssertionError(options.words)


def _list(cookbook: RecipeCatalog, *, as_json: bool) -> int:
    recipes = cookbook.all()
    write_lines(
        [json_text([_as_json(cookbook, each) for each in recipes])]
        if as_json
        else table(
            [
                (each.name, origin(cookbook, each), single_line(each.summary), each.needs)
                for each in recipes
            ],
            shutil.get_terminal_size().columns,
        )
    )
    if problems := cookbook.problems():
        raise definition_error(problems)
    return 0


def origin(cookbook: RecipeCatalog, recipe: Recipe) -> str:
    """Return where a recipe comes from, in a word or three."""
    if not recipe.path:
        return "ours"
    return "project, hides ours" if cookbook.shadows(recipe.name) else "project"


def table(rows: Sequence[tuple[str, str, str, Sequence[str]]], width: int) -> list[str]:
    """Return lines with the name, the origin and the wrapped summary; a line of its own for its needs."""
    if not rows:
        return []
    names = max(len(name) for name, *_ in rows)
    origins = max(len(word) for _, word, *_ in rows)
    indent = names + origins + 4
    if width - indent < 24:  # too narrow for columns: below one another
        indent = 2
    lines = []
    for name, word, summary, needs in rows:
        text = textwrap.wrap(summary, width - indent, break_on_hyphens=False)
        text += textwrap.wrap(
            f"needs {' '.join(needs)}" if needs else "", width - indent, break_on_hyphens=False
        )
        if indent == 2:
            lines.append(f"{name} ({word})")
        else:
            first = text.pop(0) if text else ""
            lines.append(f"{name:<{names}}  {word:<{origins}}  {first}".rstrip())
        lines += [" " * indent + line for line in text]
    return lines


def _print(cookbook: RecipeCatalog, name: str, *, as_json: bool) -> int:
    recipe = cookbook.get(name)
    if recipe is None:
        raise InputError(
            "cookbook",
            f'no recipe is called "{name}"{did_you_mean(name, cookbook.names)}',
            f"{_LIST}  # lists the recipes",
        )
    if as_json:
        write_lines([json_text({**_as_json(cookbook, recipe), "code": recipe.code})])
    else:
        # The shell creates the file of `cookbook NAME > deploy/recipes/NAME.sh` before this runs.
        if not recipe.code:
            recipe = cookbook.shipped(name) or recipe
        # As it is, whatever the terminal's encoding.
        write([recipe.code.encode()])
    return 0


def _as_json(cookbook: RecipeCatalog, recipe: Recipe) -> dict[str, Any]:
    fields = asdict(recipe)
    for name in ("code", "suffix", "origin", "shipped"):
        del fields[name]
    for mark in ("hides", "shows"):  # of two recipes only
        if not fields[mark]:
            del fields[mark]
    path = fields.pop("path")
    return {
        **fields,
        "summary": recipe.summary,
        "origin": "project" if path else "cookbook",
        "shadows": cookbook.shadows(recipe.name),
        "file": f"{RECIPES}/{path.name}" if path else None,
    }


def _import(project: Path, file: Path, *, force: bool) -> int:
    from bootstrapper.deploy.recipes import csv_cookbook, python_syntax  # rarely asked for
    from bootstrapper.deploy.recipes.project_files import write

    try:
        rows = csv_cookbook.read(file)
    except OSError as error:
        raise InputError(
            str(file), f"can't be read ({error.strerror})", f"ls -l {quoted(str(file))}"
        ) from None
    written = write(project, {row.file: row.text for row in rows}, force=force)
    cookbook = RecipeCatalog(project)
    marks = {
        **dict.fromkeys(written.new, "new"),
        **dict.fromkeys(written.replaced, "replaced"),
        **dict.fromkeys(written.same, "as it was"),
    }
    for row in rows:
        notes = [f'its name was "{single_line(row.name)}"'] if row.renamed else []
        notes += ["hides ours"] if cookbook.shadows(Path(row.file).stem) else []
        print(f"{marks[row.file]:<9}  {RECIPES}/{row.file}" + "".join(f" ({n})" for n in notes))
    changed = len(written.new) + len(written.replaced)
    print(
        f"{changed} of {len(rows)} recipes written; their `# needs:` lines were derived from the "
        "code"
        if changed
        else f"nothing to do: all {len(rows)} recipes are there"
    )
    for row in rows:
        line, wrong = (
            python_syntax.syntax_problem(row.text) if row.file.endswith(".py") else (0, "")
        )
        if wrong:
            print(f"note: {RECIPES}/{row.file}:{line}: {wrong}", file=sys.stderr)
        if tag := csv_cookbook.saved_tag_that_nobody_makes(row, rows):
            print(
                f"note: {RECIPES}/{row.file} keeps the tag {tag}… for a rollback, which no "
                "other recipe of the file makes: a rollback would not find it",
                file=sys.stderr,
            )
    return 0
