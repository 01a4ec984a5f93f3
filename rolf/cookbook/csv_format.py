"""Recipes as the CSV of 2010 has them, and back.

There, shell code without a shebang was plain bash, which goes on after a command that fails; here
it halts. So code goes out with a shebang that says so, and comes back without it. What comes from
2010 gets the comment that it lacks; what comes from Rolf itself comes back as it was, and where
one couldn't tell that from its code, the code goes out with a line that says so.
"""

from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.recipes import recipe
from bootstrapper.deploy.recipes.csv_cookbook import ImportedRecipe, used_variables

from .catalog import LANGUAGES, SUFFIXES

HALTS = "#!/usr/bin/env -S bash -eo pipefail\n"
KEPT = "# As it is in Rolf's cookbook.\n"


def code_in_csv(row):
    """Return the code of a Recipe as it is written there."""
    plain = row.language == "shell" and not row.code.startswith("#!")
    code = HALTS + row.code if plain else row.code
    if _of_rolf(code, SUFFIXES[row.language]) == row.code:
        return code
    shebang, rest = _split(row.code)
    return shebang + KEPT + rest


def code_of(imported: ImportedRecipe):
    """Return the code that a row becomes."""
    code = _of_rolf(imported.code, imported.file[-3:])
    return imported.text if code is None else code


def language_of(imported: ImportedRecipe):
    """Return the language that a row is in."""
    return LANGUAGES[imported.file[-3:]]


def _of_rolf(code, suffix):
    """Return the code in the cookbook of what Rolf wrote; None of what lacks something."""
    shebang, rest = _split(code)
    if rest.startswith(KEPT):
        return shebang + rest.removeprefix(KEPT)
    if shebang == HALTS:
        return rest
    return code if _complete(code, suffix) else None


def _complete(code, suffix):
    """Whether code says by itself how it is run, and what it does and needs."""
    if not code.endswith("\n") or (suffix == ".sh" and not code.startswith("#!")):
        return False
    try:
        told = recipe.parse("row", suffix, code.encode(), file="row")
    except DefinitionError:
        return False
    return bool(told.description) and "CWD" not in (used_variables(code) if suffix == ".sh" else ())


def _split(code):
    """Return its shebang, with the newline, and the rest."""
    if not code.startswith("#!"):
        return "", code
    shebang, newline, rest = code.partition("\n")
    return shebang + newline, rest
