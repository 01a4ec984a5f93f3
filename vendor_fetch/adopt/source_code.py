"""Read the modules of a project as syntax trees. No code of them runs."""

import ast
import copy
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# ast.unparse() and others call themselves for each level.
_DEPTH = 200
_MOST = 500
_PYTHON = f"Python {sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """The value that a name of a settings module has in the end.

    `is_certain` is whether no condition can give it another value.
    """

    file: Path
    line: int
    value: ast.expr
    is_certain: bool = True


@dataclass(frozen=True, kw_only=True)
class SourceFault:
    """A module that cannot be read, and why."""

    file: Path
    line: int
    why: str


def module_file(paths: Iterable[Path], module: str) -> Path:
    """Return the file of a module in the first of the directories that has it; it need not exist."""
    files = []
    for directory in paths:
        path = directory.joinpath(*module.split("."))
        files += [path / "__init__.py", path.with_name(f"{path.name}.py")]
    return next((file for file in files if file.is_file()), files[1])


def parsed(file: Path) -> ast.Module | None:
    """Return the syntax tree of a module; None if it can't be read, or is nested too deeply to use."""
    found = parse(file)
    return found if isinstance(found, ast.Module) else None


def parse(file: Path) -> ast.Module | SourceFault:
    """Return the syntax tree of a module, or what is wrong with it.

    The file is read in the encoding that its first lines declare (PEP 263).
    """
    try:
        with warnings.catch_warnings():
            # Such as an unknown escape in a text, which is no concern of this program.
            warnings.simplefilter("ignore")
            tree = ast.parse(file.read_bytes())
    except OSError as error:
        return SourceFault(file=file, line=1, why=error.strerror or "it can't be read")
    except SyntaxError as error:
        why = f"{_PYTHON} can't read it: {error.msg}"
        return SourceFault(file=file, line=error.lineno or 1, why=why)
    except (ValueError, RecursionError, MemoryError):
        return SourceFault(file=file, line=1, why=f"{_PYTHON} can't read it")
    level: list[ast.AST] = [tree]
    for _ in range(_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree
    return SourceFault(file=file, line=1, why="its expressions are nested too deeply")


def absolute_name(package: str, module: str, level: int) -> str:
    """Return the absolute name of a module that `from ..module import *` names."""
    if not level:
        return module
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


def with_value(value: ast.expr, name: str, old: ast.expr) -> ast.expr:
    """Return an expression with the old value of the name that it is assigned to: `A = A + [1]`."""
    uses = [each for each in ast.walk(value) if isinstance(each, ast.Name) and each.id == name]
    # More, and in every line, would grow without a limit.
    if len(uses) != 1 or sum(1 for _ in ast.walk(old)) > _MOST:
        return value
    return _Substitution(name, old).visit(copy.deepcopy(value))  # type: ignore[no-any-return]


class _Substitution(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self._name = name
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._value if node.id == self._name else node
