"""Convert recipes to the CSV format of 2010, and back.

In 2010, shell code without a shebang ran in plain bash, which continues after a failed command;
Rolf's shell code stops there. So exported shell code gets a shebang with these options, and an
import removes it. Imported code of 2010 gets the comment that it lacks. Code that Rolf exported is
imported unchanged; if an import could not recognize it, the export adds the line KEPT.
"""

from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.recipes import recipe
from bootstrapper.deploy.recipes.csv_cookbook import ImportedRecipe, used_variables

from .catalog import LANGUAGES, SUFFIXES

HALTS = "#!/usr/bin/env -S bash -eo pipefail\n"
KEPT = "# As it is in Rolf's cookbook.\n"


def code_in_csv(row):
    """Return the code of a Recipe for the CSV."""
    plain = row.language == "shell" and not row.code.startswith("#!")
    code = HALTS + row.code if plain else row.code
    if _of_rolf(code, SUFFIXES[row.language]) == row.code:
        return code
    shebang, rest = _split(row.code)
    return shebang + KEPT + rest


def code_of(imported: ImportedRecipe):
    """Return the code of an imported row."""
    code = _of_rolf(imported.code, imported.file[-3:])
    return imported.text if code is None else code


def language_of(imported: ImportedRecipe):
    """Return the language of an imported row."""
    return LANGUAGES[imported.file[-3:]]


def _of_rolf(code, suffix):
    """Return the original of code that Rolf exported; None if the code needs a comment."""
    shebang, rest = _split(code)
    if rest.startswith(KEPT):
        return shebang + rest.removeprefix(KEPT)
    if shebang == HALTS:
        return rest
    return code if _complete(code, suffix) else None


def _complete(code, suffix):
    """Return whether code has a shebang, where it needs one, and a complete comment."""
    if not code.endswith("\n") or (suffix == ".sh" and not code.startswith("#!")):
        return False
    try:
        parsed = recipe.parse("row", suffix, code.encode(), file="row")
    except DefinitionError:
        return False
    return bool(parsed.description) and "CWD" not in (
        used_variables(code) if suffix == ".sh" else ()
    )


def _split(code):
    """Return the shebang line and the rest."""
    if not code.startswith("#!"):
        return "", code
    shebang, newline, rest = code.partition("\n")
    return shebang + newline, rest
