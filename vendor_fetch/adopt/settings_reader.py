"""Read a settings module, and those that it imports. No code of them runs."""

import ast
import os.path
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from vendor_fetch.adopt import class_settings
from vendor_fetch.adopt.branches import branches, note_switch
from vendor_fetch.adopt.included_settings import included_files
from vendor_fetch.adopt.opened_files import opened_files
from vendor_fetch.adopt.settings_module import LeftOut, SettingsModule
from vendor_fetch.adopt.source_code import (
    Assigned,
    SourceFault,
    absolute_name,
    module_file,
    parse,
    with_value,
)
from vendor_fetch.adopt.variables import (
    PRODUCTION,
    function_value,
)

# How many values are added to one name; each is an expression that holds the earlier ones.
_LONGEST_SUM = 50
_MOST_MODULES = 150
_OF_EVERY_SERVER = ("/dev/", "/proc/", "/sys/")
_LOCAL = re.compile("local|secret|private", re.IGNORECASE)
_ADDING = {"append", "extend", "insert", "update"}


def read_settings(
    root: Path,
    paths: Sequence[Path],
    module: str,
    *,
    configuration: str = "",
    is_left_out: Callable[[Path], bool] = lambda path: False,
) -> SettingsModule:
    """Return what a settings module of the project in the directory `root` assigns.

    `paths` are the directories that Python finds the modules of the project in; the first one has
    manage.py. `configuration` is the class of django-configurations, if the project names one.
    `is_left_out` says which files are not read; those outside of the project never are.
    """
    found = SettingsModule()
    reader = _Reader(root, paths, found, is_left_out)
    file = module_file(paths, module)
    if module and file.is_file() and reader.read(file, module, is_certain=True):
        found.file = file
        reader.read_class(configuration)
        reader.note_opened()
    return found


class _Reader:
    def __init__(
        self,
        root: Path,
        paths: Sequence[Path],
        found: SettingsModule,
        is_left_out: Callable[[Path], bool],
    ) -> None:
        self._root = root
        self._paths = paths
        self._found = found
        self._is_left_out = is_left_out
        self._classes: dict[str, class_settings.Settings] = {}

    def read(self, file: Path, module: str, *, is_certain: bool) -> bool:
        """Add what a module assigns. Return whether it can be read."""
        if file in self._found.trees:
            return True
        if len(self._found.trees) >= _MOST_MODULES:  # each one can be imported by the one before
            return False
        tree = parse(file)
        if isinstance(tree, SourceFault):
            self._found.faults.append(tree)
            return False
        self._found.trees[file] = tree
        self._statements(tree.body, file, module, is_certain=is_certain)
        for variable in self._found.environment(file).variables(tree):
            self._found.variables.setdefault(variable.name, variable)
        return True

    def read_class(self, configuration: str) -> None:
        """Add what the class of the server's settings assigns, if the settings are in classes."""
        name = class_settings.chosen(self._classes, configuration, PRODUCTION)
        for each in class_settings.with_bases(name, self._classes):
            self._statements(each.node.body, each.file, each.module, is_certain=True)
            self._found.is_loaded = each.is_loaded
        self._found.class_name = name

    def note_opened(self) -> None:
        """Note the files that the modules read and that git ignores, such as one with a secret."""
        for file, tree in self._found.trees.items():
            opened = opened_files(tree, file, self._found.values)
            for text, line in sorted(opened, key=lambda each: each[1]):
                path = Path(os.path.normpath(self._paths[0] / text))
                if not path.is_dir() and not str(path).startswith(_OF_EVERY_SERVER):
                    self._leave_out(path, file, line)

    def _statements(
        self, body: Iterable[ast.stmt], file: Path, module: str, *, is_certain: bool
    ) -> None:
        for node in body:
            match node:
                case ast.ImportFrom(module="os" | "os.path" | "pathlib" as owner, names=names):
                    self._rename(f"{owner}.", names, file)
                case ast.ImportFrom():
                    self._import(node, file, module, is_certain=is_certain)
                case ast.Import(names=names):
                    self._rename("", names, file)
                    for each in names:
                        path = module_file(self._paths, each.name)
                        if path.is_file() or _LOCAL.search(each.name):
                            self._leave_out(path, file, node.lineno)
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        self._assign(target, value, file, is_certain)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self._assign(target, value, file, is_certain)
                case ast.AugAssign(target=ast.Name(id=name), value=value):
                    self._add(name, value, file, is_certain)
                case ast.Expr(value=ast.Call() as call):
                    self._call(call, file, module, is_certain=is_certain)
                case ast.If():
                    for branch, is_sure in branches(node, file, self._found):
                        self._statements(branch, file, module, is_certain=is_certain and is_sure)
                case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                    self._statements(body, file, module, is_certain=is_certain)
                    for handler in handlers:
                        self._statements(handler.body, file, module, is_certain=False)
                    self._statements([*orelse, *final], file, module, is_certain=is_certain)
                case ast.With(body=body):
                    self._statements(body, file, module, is_certain=is_certain)
                case ast.For(body=body):
                    self._statements(body, file, module, is_certain=False)
                case ast.Match(cases=cases):
                    for case in cases:
                        self._statements(case.body, file, module, is_certain=False)
                case ast.FunctionDef(name=name) if name.isupper():  # in a class of settings
                    result = function_value(node)
                    unknown = ast.copy_location(ast.Name(id="self", ctx=ast.Load()), node)
                    value = result.body if result else unknown
                    self._assign(ast.Name(id=name), value, file, is_certain)
                case ast.FunctionDef(name=name) if function := function_value(node):
                    self._found.values.setdefault(
                        name, Assigned(file=file, line=node.lineno, value=function)
                    )
                case ast.ClassDef(name=name):
                    self._classes[name] = class_settings.Settings(
                        node=node, file=file, module=module
                    )

    def _assign(self, target: ast.expr, value: ast.expr, file: Path, is_certain: bool) -> None:
        match target:
            case ast.Name(id=name):
                pass
            case ast.Subscript(value=ast.Name(id=name)):  # DATABASES["default"] = …
                self._add(name, value, file, is_certain)
                return
            case _:
                return
        old = self._found.values.get(name)
        is_empty = old and isinstance(old.value, ast.Constant) and not old.value.value
        if old and not is_certain and not (is_empty and name != "DEBUG"):
            # The value without the condition is the more likely one.
            self._found.values[name] = replace(old, is_certain=False)
            other = Assigned(file=file, line=value.lineno, value=value, is_certain=False)
            self._found.alternatives.setdefault(name, []).append(other)
        else:
            if old and (file == old.file or "__file__" not in ast.unparse(old.value)):
                value = with_value(value, name, old.value)
            self._found.values[name] = Assigned(
                file=file, line=value.lineno, value=value, is_certain=is_certain
            )

    def _add(self, name: str, value: ast.expr, file: Path, is_certain: bool) -> None:
        """Note what is added to a value that has several parts, such as a list."""
        old = self._found.values.get(name)
        length, node = 0, old.value if old else None
        while isinstance(node, ast.BinOp):
            length, node = length + 1, node.left
        if not old or length > _LONGEST_SUM:
            return
        total = ast.copy_location(ast.BinOp(left=old.value, op=ast.Add(), right=value), value)
        self._found.values[name] = Assigned(
            file=old.file if file != old.file and "__file__" in ast.unparse(old.value) else file,
            line=old.line,
            value=total,
            is_certain=old.is_certain and is_certain,
        )

    def _call(self, call: ast.Call, file: Path, module: str, *, is_certain: bool) -> None:
        match call.func:
            case ast.Attribute(value=ast.Name(id=name), attr=method) if method in _ADDING:
                for value in call.args[-1:]:
                    one = ast.copy_location(ast.List(elts=[value], ctx=ast.Load()), value)
                    self._add(
                        name, value if method in ("extend", "update") else one, file, is_certain
                    )
                return
            case ast.Attribute(value=ast.Subscript(value=ast.Name(id=name)), attr="update") if (
                call.args
            ):
                self._add(name, call.args[0], file, is_certain)
                return
            case ast.Attribute(value=ast.Name(id=name), attr="load_settings"):
                if name in self._classes:
                    self._classes[name] = replace(self._classes[name], is_loaded=True)
                return
        for each in included_files(call, file, self._paths[0], self._found.values):
            if each.choice:
                note_switch(each.node, each.choice, file, self._found)
            if (
                not self._leave_out(each.path, file, call.lineno)
                and each.path.is_relative_to(self._root)
                and each.path.is_file()
            ):
                self.read(each.path, module, is_certain=is_certain)

    def _import(self, node: ast.ImportFrom, file: Path, module: str, *, is_certain: bool) -> None:
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        imported = absolute_name(package, node.module or "", node.level)
        # Code of Python 2 named modules of its own package without a dot.
        beside = f"{package}.{imported}" if package and not node.level else imported
        names = [each.name for each in node.names]
        path = module_file(self._paths, imported)
        if not path.is_file() and module_file(self._paths, beside).is_file():
            path, imported = module_file(self._paths, beside), beside
        if "*" in names or any(name.isupper() for name in names):
            if not self._leave_out(path, file, node.lineno) and path.is_file():
                self.read(path, imported, is_certain=is_certain)
        elif class_settings.imports(names, path):
            self.read(path, imported, is_certain=is_certain)
        elif node.level and not node.module:  # from . import local
            for name in names:
                self._leave_out(module_file(self._paths, f"{imported}.{name}"), file, node.lineno)

    def _rename(self, owner: str, names: Iterable[ast.alias], file: Path) -> None:
        """Note the other names of functions and modules of paths: `from os.path import join as j`."""
        for each in names:
            if each.asname and f"{owner}{each.name}".startswith(("os", "pathlib")):
                value = ast.parse(f"{owner}{each.name}", mode="eval").body
                renamed = Assigned(file=file, line=0, value=value)
                self._found.values.setdefault(each.asname, renamed)

    def _leave_out(self, path: Path, file: Path, line: int) -> bool:
        """Return whether a file is left out, which may be missing here; note it then."""
        # What is outside of the project is the server's own, too.
        if path.is_relative_to(self._root) and not (
            path.parent.is_dir() and self._is_left_out(path)
        ):
            return False
        if all(each.path != path for each in self._found.left_out):
            self._found.left_out.append(LeftOut(path=path, file=file, line=line))
        return True
