"""Find recipes: those in the project's `deploy/recipes/` come before the shipped ones.

In `deploy/recipes/`, `NAME.sh` and `NAME.py` are recipes, and so is every executable file with a
shebang, whatever its extension. A name may hold spaces. Other files (a README) are ignored.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrapper.deploy.definition.deployment import StageEntry
from bootstrapper.deploy.definition.problems import DefinitionError, Problem, definition_error
from bootstrapper.deploy.recipes import piece, recipe
from bootstrapper.deploy.recipes.recipe import Recipe
from bootstrapper.quoting import quoted

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

RECIPES = "deploy/recipes"  # in a project


class RecipeCatalog:
    """The recipes that a project can name. Each is read once, when it is needed."""

    def __init__(self, project: Path) -> None:
        self._ours = _ours()
        self._theirs: dict[str, Path] = {}
        self._problems: dict[str, list[Problem]] = {}
        self._read: dict[str, Recipe] = {}
        self._scan(project / RECIPES)

    @property
    def names(self) -> list[str]:
        """The names of all recipes, those with problems included, in order."""
        return sorted({*self._ours, *self._theirs, *self._problems})

    def get(self, name: str) -> Recipe | None:
        """Return the recipe of that name. Raise DefinitionError if it is there, but can't be used."""
        if name in self._problems:
            raise definition_error(self._problems[name])
        if name not in self._read:
            if name in self._theirs:
                self._read[name] = _whole(_read(name, self._theirs[name]))
            elif ours := self.shipped(name):
                self._read[name] = ours
        return self._read.get(name)

    def shipped(self, name: str) -> Recipe | None:
        """Return our recipe of that name, even if the project's hides it. None if there is none."""
        if name not in self._ours:
            return None
        file = self._ours[name]
        parsed = recipe.parse(
            name, Path(file.name).suffix, file.read_bytes(), file=f"cookbook/{file.name}"
        )
        return _whole(replace(parsed, shipped=True))

    def of_stage(self, stage: StageEntry) -> Recipe | None:
        """Return the recipe that a stage runs, None if there is none. Raise as `get` does."""
        return self.get(stage.recipe)

    def all(self) -> list[Recipe]:
        """Return every recipe that can be used, by name; `problems` has what is wrong with the others."""
        return [each for name in self.names if (each := self._sound(name))]

    def problems(self) -> list[Problem]:
        """Return every problem in the project's recipes."""
        found: list[Problem] = []
        for name in self.names:
            try:
                self.get(name)
            except DefinitionError as error:
                found += error.problems
        return found

    def shadows(self, name: str) -> bool:
        """Return whether the project's recipe hides one of ours."""
        return name in self._ours and (name in self._theirs or name in self._problems)

    def _sound(self, name: str) -> Recipe | None:
        try:
            return self.get(name)
        except DefinitionError:
            return None

    def _scan(self, directory: Path) -> None:
        for path in _listed(directory):
            name = path.stem
            if path.suffix not in recipe.SUFFIXES and not _is_program(path):
                continue
            file = f"{RECIPES}/{path.name}"
            if other := self._theirs.get(name):
                self._problems.setdefault(name, []).append(
                    Problem(
                        file=file,
                        text=f"{other.name} has the same name; one name is one recipe",
                        next_step=f"ls -l {_quoted(other.name)} {_quoted(path.name)}"
                        "  # rename or remove one of them",
                    )
                )
            self._theirs[name] = path


def _quoted(name: str) -> str:
    return quoted(f"{RECIPES}/{name}")


def _listed(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise definition_error(
            [
                Problem(
                    file=RECIPES,
                    text="is no directory; recipes are files in it",
                    next_step=f"mv {RECIPES} recipes.old; mkdir {RECIPES}",
                )
            ]
        ) from None


def _is_program(path: Path) -> bool:
    """Return whether it is an executable file that begins as a program in text does."""
    if not path.is_file() or not os.access(path, os.X_OK):
        return False
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True  # it can't be read: `get` raises the error


def _read(name: str, path: Path) -> Recipe:
    file = f"{RECIPES}/{path.name}"

    def broken(text: str) -> DefinitionError:
        return definition_error([Problem(file=file, text=text, next_step=f"ls -l {quoted(file)}")])

    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise broken("is a directory; a recipe is one file")
        if not stat.S_ISREG(mode):  # a pipe would be waited for
            raise broken("is no file that can be read, such as a pipe")
        data = path.read_bytes()
    except FileNotFoundError:
        raise broken(f"is a broken link, to {os.readlink(path)}") from None
    except OSError as error:
        raise broken(f"can't be read ({error.strerror})") from None
    return recipe.parse(name, path.suffix, data, file=file, path=path)


def _whole(read: Recipe) -> Recipe:
    """Return the recipe with its pieces; one of a project's may be a copy of ours."""
    if "# piece: " not in read.code:
        return read
    return replace(read, code=piece.put_in(read.code, _pieces()))


def _pieces() -> dict[str, str]:
    return {
        Path(file.name).stem: file.read_text(encoding="utf-8")
        for file in _packaged()
        if file.name.endswith(piece.SUFFIX)
    }


def _ours() -> "dict[str, Traversable]":
    return {
        Path(file.name).stem: file
        for file in _packaged()
        if Path(file.name).suffix in recipe.SUFFIXES and not file.name.startswith("_")
    }


def _packaged() -> "Iterator[Traversable]":
    beside = Path(__file__).parents[2] / "cookbook"
    if beside.is_dir():
        yield from beside.iterdir()
        return
    from importlib.resources import files  # slower; from a zip it is the way

    yield from files("bootstrapper").joinpath("cookbook").iterdir()
