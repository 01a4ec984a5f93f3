"""What a settings module assigns, and what it reads of the environment and of other files."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vendor_fetch.adopt.source_code import Assigned, SourceFault
from vendor_fetch.adopt.variables import Environment, Variable


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A variable of the environment that chooses the settings of the server by its value."""

    variable: str
    value: str
    file: Path
    line: int


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A file that the settings import or read, and that git ignores."""

    path: Path
    file: Path
    line: int


@dataclass(kw_only=True)
class SettingsModule:
    """What a settings module and those that it imports by `from … import *` assign.

    `file` is its own file; None if it is missing or cannot be parsed. `class_name` is the class that
    the settings are in, if they are in one; it `is_loaded` if the module itself takes them. `values`
    are by name, and `alternatives` those of other conditions. `variables` are those of the
    environment, and `switches` those that choose the settings of a server. `left_out` are files that
    it imports or opens and that are not read, because other machines have other ones. `faults` are
    modules that cannot be read, and `trees` the others.
    """

    file: Path | None = None
    class_name: str = ""
    is_loaded: bool = False
    values: dict[str, Assigned] = field(default_factory=dict)
    alternatives: dict[str, list[Assigned]] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    switches: dict[str, Switch] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    faults: list[SourceFault] = field(default_factory=list)
    trees: dict[Path, ast.Module] = field(default_factory=dict)
    _environments: dict[Path, Environment] = field(default_factory=dict)

    def environment(self, file: Path) -> Environment:
        """Return how a module that has been read reads the environment."""
        if file not in self._environments:
            self._environments[file] = Environment(file, self.trees[file])
        return self._environments[file]

    @property
    def dynaconf_line(self) -> int:
        """The line where dynaconf takes all the settings of the module; 0 if it does not."""
        tree = self.trees.get(self.file) if self.file else None
        for node in tree.body if tree else ():
            match node:
                case ast.Assign(value=ast.Call(func=call)) if "DjangoDynaconf" in ast.unparse(call):
                    return node.lineno
        return 0

    def variables_of(self, name: str) -> Iterator[Variable]:
        """Yield the variables of the environment in the values of a setting."""
        own = self.values.get(name)
        for assigned in [*([own] if own else []), *self.alternatives.get(name, ())]:
            if assigned.file not in self.trees:
                continue
            environment = self.environment(assigned.file)
            for each in ast.walk(assigned.value):
                other = self.values.get(each.id) if isinstance(each, ast.Name) else None
                if other and other.file in self.trees and not _is_reader(other.value):
                    yield from environment.variables(other.value)
            target = ast.Name(id=name, ctx=ast.Store())
            yield from environment.variables(ast.Assign(targets=[target], value=assigned.value))


def _is_reader(value: ast.expr) -> bool:
    """Return whether a value is what reads variables, and not a variable: environ.Env(…)."""
    if isinstance(value, ast.Lambda):
        return True
    return isinstance(value, ast.Call) and ast.unparse(value.func).endswith(("Env", "Config"))
