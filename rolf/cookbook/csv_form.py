"""Recipes as the CSV of 2010 has them, and back.

There, shell code without a shebang was plain bash, which goes on after a command that fails; here
it halts. So code goes out with a shebang that says so, and comes back without it. What comes from
Rolf itself comes back as it was; what comes from 2010 gets the comment that it lacks.
"""

from bootstrapper.deploy.project import recipe
from bootstrapper.deploy.project.csv_cookbook import Imported
from bootstrapper.deploy.project.shell_variables import used

HALTS = "#!/usr/bin/env -S bash -eo pipefail\n"


def code_in_csv(row):
    """Return the code of a Recipe as it is written there."""
    plain = row.language == "shell" and not row.code.startswith("#!")
    return HALTS + row.code if plain else row.code


def code_of(imported: Imported):
    """Return the code that a row becomes."""
    if imported.code.startswith(HALTS):
        return imported.code.removeprefix(HALTS)
    return imported.code if _complete(imported) else imported.text


def _complete(imported):
    """Whether the row's code says by itself how it is run, and what it does and needs."""
    code, suffix = imported.code, imported.file[-3:]
    if not code.endswith("\n") or (suffix == ".sh" and not code.startswith("#!")):
        return False
    told = recipe.parse("row", suffix, code.encode(), file=imported.file)
    return bool(told.description) and "CWD" not in (used(code) if suffix == ".sh" else ())
