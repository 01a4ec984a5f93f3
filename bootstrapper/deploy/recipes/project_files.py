"""Write recipes into a project's `deploy/recipes/`: all of them, or none."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bootstrapper.deploy.definition.problems import Problem, definition_error
from bootstrapper.deploy.recipes.catalog import RECIPES
from bootstrapper.deploy.recipes.recipe import SUFFIXES
from bootstrapper.program import command_line
from bootstrapper.quoting import quoted


@dataclass(frozen=True, kw_only=True)
class WriteResult:
    """The names of the files that are new, that were replaced, and that were there already."""

    new: tuple[str, ...]
    replaced: tuple[str, ...]
    same: tuple[str, ...]


def write(project: Path, files: Mapping[str, str], *, force: bool) -> WriteResult:
    """Write the text of each file; one that is there and differs is replaced with `force` only.

    Raise DefinitionError, which names every file in the way, and OSError; nothing is changed then. All is
    written beside, then renamed into place one after the other, and renamed back if that fails.
    """
    directory = project / RECIPES
    new, differing, same = [], [], []
    problems: list[Problem] = []
    for name, text in files.items():
        path = directory / name
        if other := _namesake(path):
            problems.append(
                Problem(
                    file=f"{RECIPES}/{other}",
                    text=f"has the name of {name}, and one name is one recipe",
                    next_step=f"rm {quoted(f'{RECIPES}/{other}')}",
                )
            )
        if not os.path.lexists(path):
            new.append(name)
        elif path.is_file() and not path.is_symlink() and path.read_bytes() == text.encode():
            same.append(name)
        else:
            differing.append(name)
            if path.is_dir() or not force:
                file = quoted(f"{RECIPES}/{name}")
                problems.append(
                    Problem(
                        file=f"{RECIPES}/{name}",
                        text="is there already, and differs",
                        next_step=f"ls -la {file}  # remove the directory"
                        if path.is_dir()
                        else f"cat {file}  # then, to replace it: {command_line()} --force",
                    )
                )
    if problems:
        raise definition_error(problems)
    if new or differing:
        directory.mkdir(parents=True, exist_ok=True)
        _move_in(directory, {name: files[name] for name in (*new, *differing)})
    return WriteResult(new=tuple(new), replaced=tuple(differing), same=tuple(same))


def _namesake(path: Path) -> str:
    """Return another file that gives a recipe the same name."""
    return next(
        (
            path.stem + suffix
            for suffix in SUFFIXES
            if suffix != path.suffix and os.path.lexists(path.with_name(path.stem + suffix))
        ),
        "",
    )


def _move_in(directory: Path, files: Mapping[str, str]) -> None:
    with TemporaryDirectory(prefix=".import-", dir=directory) as beside:
        old, new = Path(beside, "old"), Path(beside, "new")
        old.mkdir()
        new.mkdir()
        for name, text in files.items():
            (new / name).write_text(text, encoding="utf-8", newline="")
            if text.startswith("#!"):
                (new / name).chmod(0o755)
        done: list[str] = []
        try:
            for name in files:
                if os.path.lexists(directory / name):
                    os.rename(directory / name, old / name)
                done.append(name)
                os.rename(new / name, directory / name)
        except BaseException:
            for name in done:
                (directory / name).unlink(missing_ok=True)
                if os.path.lexists(old / name):
                    os.rename(old / name, directory / name)
            raise
