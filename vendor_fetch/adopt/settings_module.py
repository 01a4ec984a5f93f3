"""Read what a settings module assigns, and what it reads of the environment. No code of it runs."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# The objects of django-environ, python-decouple and environs, as their documentation names them.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
# ast.unparse() and others call themselves for each level.
_DEPTH = 200
_READERS = {"env", "ENV", "config", "getenv", "get_env_variable"}


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
class Variable:
    """A variable of the environment that settings read; `required` if they have no default."""

    name: str
    file: Path
    line: int
    required: bool


@dataclass(kw_only=True)
class SettingsModule:
    """What a settings module and those that it imports by `from … import *` assign.

    `file` is its own file; None if it is missing or cannot be parsed. `values` are by name.
    `variables` are those of the environment. `left_out` are files that it imports and that are not
    read, because other machines have other ones.
    """

    file: Path | None = None
    values: dict[str, Assigned] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    left_out: list[Path] = field(default_factory=list)


def module_file(base: Path, module: str) -> Path:
    """Return the file of a module below the directory of manage.py; it need not exist."""
    path = base.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def parsed(file: Path) -> ast.Module | None:
    """Return the syntax tree of a module; None if it can't be read, or is nested too deeply to use."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    level: list[ast.AST] = [tree]
    for _ in range(_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree
    return None


def read_settings(
    base: Path, module: str, is_left_out: Callable[[Path], bool] = lambda path: False
) -> SettingsModule:
    """Return what a settings module assigns. `base` is the directory of manage.py.

    `is_left_out` says which files are not read.
    """
    found = SettingsModule()
    if module and _Reader(base, found, is_left_out).read(module):
        found.file = module_file(base, module)
    return found


class _Reader:
    def __init__(
        self, base: Path, found: SettingsModule, is_left_out: Callable[[Path], bool]
    ) -> None:
        self._base = base
        self._found = found
        self._is_left_out = is_left_out
        self._seen: set[Path] = set()

    def read(self, module: str) -> bool:
        """Add what a module assigns. Return whether it can be read."""
        file = module_file(self._base, module)
        if self._is_left_out(file):
            self._found.left_out.append(file)
            return False
        if file in self._seen:
            return True
        tree = parsed(file)
        if not tree:
            return False
        self._seen.add(file)
        self._statements(tree.body, file, module, is_certain=True)
        for name, line, required in _variables(tree):
            variable = Variable(name=name, file=file, line=line, required=required)
            self._found.variables.setdefault(name, variable)
        return True

    def _statements(
        self, body: Sequence[ast.stmt], file: Path, module: str, *, is_certain: bool
    ) -> None:
        for node in body:
            match node:
                case ast.ImportFrom():
                    self._import(node, file, module)
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        self._assign(target, value, file, is_certain)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self._assign(target, value, file, is_certain)
                case ast.AugAssign(target=target, value=value):
                    self._assign(target, value, file, is_certain)
                case ast.If(body=body, orelse=orelse):
                    self._statements([*body, *orelse], file, module, is_certain=False)
                case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                    self._statements(body, file, module, is_certain=is_certain)
                    for handler in handlers:
                        self._statements(handler.body, file, module, is_certain=False)
                    self._statements([*orelse, *final], file, module, is_certain=is_certain)
                case ast.With(body=body):
                    self._statements(body, file, module, is_certain=is_certain)

    def _assign(self, target: ast.expr, value: ast.expr, file: Path, is_certain: bool) -> None:
        if not isinstance(target, ast.Name):
            return
        old = self._found.values.get(target.id)
        if old and not is_certain:  # the value without the condition is the more likely one
            old = Assigned(file=old.file, line=old.line, value=old.value, is_certain=False)
            self._found.values[target.id] = old
        else:
            self._found.values[target.id] = Assigned(
                file=file, line=value.lineno, value=value, is_certain=is_certain
            )

    def _import(self, node: ast.ImportFrom, file: Path, module: str) -> None:
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        imported = _absolute(package, node.module or "", node.level)
        names = [each.name for each in node.names]
        if "*" in names or any(name.isupper() for name in names):
            # Code of Python 2 named modules of its own package without a dot.
            beside = f"{package}.{imported}" if package and not node.level else imported
            for each in dict.fromkeys((imported, beside)):
                if module_file(self._base, each).is_file():
                    self.read(each)
                    break
        elif node.level and not node.module:  # from . import local
            for name in names:
                if self._is_left_out(module_file(self._base, f"{imported}.{name}")):
                    self._found.left_out.append(module_file(self._base, f"{imported}.{name}"))


def _absolute(package: str, module: str, level: int) -> str:
    """Return the absolute name of a module that `from ..module import *` names."""
    if not level:
        return module
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


def _variables(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Yield the variables of the environment that a module reads: name, line, has no default."""
    schemes = {
        keyword.arg
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("Env")
        for keyword in call.keywords
    }
    for node in ast.walk(tree):
        name, required = "", False
        match node:
            case ast.Subscript(value=owner, slice=ast.Constant(value=str(name))):
                if ast.unparse(owner).split(".")[-1] != "environ":
                    continue
                required = True
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *others]):
                words = ast.unparse(function).split(".")
                if words[-2:] != ["environ", "get"] and not {words[0], words[-1]} & _READERS:
                    continue
                is_mapping = words[-1] in ("get", "getenv") or words[0] == "os"
                has_default = others or any(each.arg == "default" for each in node.keywords)
                required = not is_mapping and not has_default and name not in schemes
            case _:
                continue
        if _VARIABLE.fullmatch(name):
            yield name, node.lineno, required
