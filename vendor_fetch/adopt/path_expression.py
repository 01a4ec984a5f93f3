"""Work out the texts and paths in the expressions of settings, without running them."""

import ast
import os.path
import re
from collections.abc import Mapping
from pathlib import Path

from vendor_fetch.adopt.source_code import Assigned
from vendor_fetch.adopt.variables import READERS

# More would be a name that is defined by itself.
_DEPTH = 30
# Each of thirty names can stand for several others.
_STEPS = 5000
_LONGEST = 4096
_MODULES = {"os", "os.path", "path", "posixpath", "pathlib", "environ"}
# Their result is the argument, or what they are called on. Old settings have replace("\\\\", "/").
_SAME = {"str", "unicode", "fspath", "force_str", "expandvars", "u"}
_SAME_METHODS = {"as_posix", "rstrip", "decode", "replace", "strip"}
# As before, with .. worked out.
_SHORTENING = {"abspath", "realpath", "normpath"}
_SHORTENING_METHODS = {"resolve", "absolute", "norm"}
_JOINING = {"join", "safe_join", "Path", "PurePath"}
_JOINING_METHODS = {"joinpath", "child", "path"}


class Unknown(Exception):
    """The expression needs something that only a run would know."""


def text_of(
    assigned: Assigned | None, names: Mapping[str, Assigned], variable: str = ""
) -> str | None:
    """Return the text or the path that an expression of settings stands for.

    `names` are what the settings assign. Return None if only a run would know. With `variable`, each
    variable of the environment has this value; otherwise it has its default.
    """
    if not assigned:
        return None
    try:
        return _Evaluation(names, variable).text(assigned.value, assigned.file, 0)
    except Unknown:
        return None


class _Evaluation:
    def __init__(self, names: Mapping[str, Assigned], variable: str) -> None:
        self._names = names
        self._variable = variable
        self._steps = 0

    def text(self, node: ast.expr, file: Path, depth: int) -> str:
        """Return the text of an expression in a file. Raise Unknown."""
        self._steps += 1
        if depth > _DEPTH or self._steps > _STEPS:
            raise Unknown
        found = self._text(node, file, depth)
        # No path and no address of a project is longer, and none of a file system has a NUL.
        if len(found) > _LONGEST or "\0" in found:
            raise Unknown
        return found

    def _text(self, node: ast.expr, file: Path, depth: int) -> str:
        match node:
            case ast.Constant(value=str(value)):
                return value
            case ast.Name(id="__file__"):
                return str(file)
            case ast.Name(id="pardir") | ast.Attribute(attr="pardir"):
                return os.pardir
            case ast.Name(id="sep") | ast.Attribute(attr="sep"):
                return os.sep
            # In a class of settings.
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if name in self._names and (
                owner in ("self", "cls") or owner[:1].isupper()
            ):
                return self.text(self._names[name].value, self._names[name].file, depth + 1)
            case ast.Name(id=name) if name in self._names:
                named = self._names[name]
                return self.text(named.value, named.file, depth + 1)
            case ast.JoinedStr(values=values):
                return "".join(self.text(each, file, depth + 1) for each in values)
            case ast.FormattedValue(value=value):
                return self.text(value, file, depth + 1)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return os.path.join(
                    self.text(left, file, depth + 1), self.text(right, file, depth + 1)
                )
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.text(left, file, depth + 1) + self.text(right, file, depth + 1)
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                return self._formatted(left, right, file, depth)
            case ast.Subscript(value=ast.Attribute(value=environ, attr="environ")) if (
                self._variable and ast.unparse(environ) == "os"
            ):
                return self._variable
            case ast.Subscript(value=ast.Name(id="environ")) if self._variable:
                return self._variable
            case ast.Subscript(
                value=ast.Call(func=ast.Attribute(attr="split"), args=[path]),
                slice=ast.Constant(value=0),
            ):
                return _parent(self.text(path, file, depth + 1), 1)
            # environ.Path(__file__) - 3
            case ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=int(count))):
                return _parent(self.text(left, file, depth + 1), count)
            case ast.Attribute(value=value, attr="parent"):
                return _parent(self.text(value, file, depth + 1), 1)
            case ast.Subscript(
                value=ast.Attribute(value=value, attr="parents"),
                slice=ast.Constant(value=int(count)),
            ):
                return _parent(self.text(value, file, depth + 1), count + 1)
            case ast.BoolOp(op=ast.Or(), values=values):
                return self._first(values, file, depth)
            case ast.IfExp(body=body, orelse=orelse):
                return self._first([body, orelse], file, depth)
            case ast.Call():
                return self._call(node, file, depth + 1)
        raise Unknown

    def _first(self, nodes: list[ast.expr], file: Path, depth: int) -> str:
        for each in nodes:
            try:
                return self.text(each, file, depth + 1)
            except Unknown:
                continue
        raise Unknown

    def _call(self, call: ast.Call, file: Path, depth: int) -> str:
        for keyword in call.keywords:
            if keyword.arg in ("default", "fallback"):  # env("STATIC_ROOT", default=...)
                return self._variable or self.text(keyword.value, file, depth)
        match call.func:
            case ast.Attribute(value=owner, attr=name) if not self._is_module(owner):
                return self._method(owner, name, call.args, file, depth)
            case ast.Attribute(attr=name) | ast.Name(id=name):
                return self._function(name, call, file, depth)
        raise Unknown

    def _is_module(self, owner: ast.expr) -> bool:
        """Return whether an expression is a module with functions of paths, or another name of one."""
        named = self._names.get(owner.id) if isinstance(owner, ast.Name) else None
        return ast.unparse(named.value if named else owner) in _MODULES

    def _function(self, name: str, call: ast.Call, file: Path, depth: int) -> str:
        named = self._names.get(name) if isinstance(call.func, ast.Name) else None
        if named and isinstance(named.value, ast.Lambda):
            return self._applied(named.value, named.file, call, file, depth)
        if named and isinstance(named.value, ast.Attribute | ast.Name) and depth < _DEPTH:
            # dirname = os.path.dirname
            name = ast.unparse(named.value).rpartition(".")[2]
        if name in READERS:
            return self._default(call.args, file, depth)
        if name == "dirname" and call.args:
            return _parent(self.text(call.args[0], file, depth), 1)
        if name in _SAME and call.args:
            return self.text(call.args[0], file, depth)
        if name in _SHORTENING and call.args:
            return os.path.normpath(self.text(call.args[0], file, depth))
        if name == "expanduser" and call.args:
            return _not_of_a_user(self.text(call.args[0], file, depth))
        if name == "getcwd":
            return os.curdir
        if name in _JOINING and call.args:
            return self._join(call.args, file, depth)
        if named:  # ROOT_DIR("static")
            return self._join([call.func, *call.args], file, depth)
        raise Unknown

    def _method(
        self, owner: ast.expr, name: str, arguments: list[ast.expr], file: Path, depth: int
    ) -> str:
        if name == "cwd":
            return os.curdir
        words = ast.unparse(owner).split(".")
        if words[-1] == "config" and name == "get":  # of ConfigParser
            raise Unknown
        if words[-1] in ("environ", *READERS):
            return self._default(arguments, file, depth)
        if words == ["values"] and arguments:  # of django-configurations
            return self._variable or self.text(arguments[0], file, depth)
        if name in _SAME_METHODS:
            return self.text(owner, file, depth)
        if name in _SHORTENING_METHODS:
            return os.path.normpath(self.text(owner, file, depth))
        if name == "expanduser":
            return _not_of_a_user(self.text(owner, file, depth))
        if name in _JOINING_METHODS:
            return self._join([owner, *arguments], file, depth)
        if name == "format":
            return self._braces(owner, arguments, file, depth)
        match name, arguments:
            case "ancestor", [ast.Constant(value=int(count))]:
                return _parent(self.text(owner, file, depth), count)
        raise Unknown

    def _default(self, arguments: list[ast.expr], file: Path, depth: int) -> str:
        """Return the default of a variable of the environment, its second argument."""
        if self._variable:
            return self._variable
        if len(arguments) < 2:
            raise Unknown
        return self.text(arguments[1], file, depth)

    def _join(self, nodes: list[ast.expr], file: Path, depth: int) -> str:
        return os.path.join(*self._texts(nodes, file, depth))

    def _texts(self, nodes: list[ast.expr], file: Path, depth: int) -> list[str]:
        found = []
        for node in nodes:
            match node:
                case ast.Starred(value=ast.Name(id=name)) if name in self._names:
                    several = self._names[name]
                    if not isinstance(several.value, ast.Tuple | ast.List):
                        raise Unknown
                    found += [self.text(each, several.file, depth) for each in several.value.elts]
                case _:
                    found.append(self.text(node, file, depth))
        return found

    def _applied(
        self, function: ast.Lambda, home: Path, call: ast.Call, file: Path, depth: int
    ) -> str:
        """Return what a function of the settings returns, such as `lambda *x: join(HERE, *x)`."""
        given = list(call.args)
        parameters = [*function.args.posonlyargs, *function.args.args]
        local: dict[str, ast.expr] = dict(
            zip(
                reversed([each.arg for each in parameters]),
                reversed(function.args.defaults),
                strict=False,
            )
        )
        for each in parameters[: len(given)]:
            local[each.arg] = self._constant(given.pop(0), file, depth)
        for keyword in call.keywords:
            if keyword.arg:
                local[keyword.arg] = self._constant(keyword.value, file, depth)
        if function.args.vararg:
            rest = [self._constant(each, file, depth) for each in given]
            local[function.args.vararg.arg] = ast.Tuple(elts=rest)
        outer = self._names
        self._names = {
            **outer,
            **{name: Assigned(file=home, line=0, value=value) for name, value in local.items()},
        }
        try:
            return self.text(function.body, home, depth + 1)
        finally:
            self._names = outer

    def _constant(self, node: ast.expr, file: Path, depth: int) -> ast.expr:
        try:
            return ast.Constant(value=self.text(node, file, depth + 1))
        except Unknown:
            return ast.Constant(value=None)

    def _formatted(self, left: ast.expr, right: ast.expr, file: Path, depth: int) -> str:
        """Return the text of `"%s/static" % BASE`."""
        pieces = re.split("%s|%r", self.text(left, file, depth + 1))
        nodes = right.elts if isinstance(right, ast.Tuple) else [right]
        return _filled(pieces, self._texts(nodes, file, depth + 1))

    def _braces(self, left: ast.expr, nodes: list[ast.expr], file: Path, depth: int) -> str:
        """Return the text of `"{}/static".format(BASE)`."""
        pieces = re.split(r"\{\d?\}", self.text(left, file, depth + 1))
        return _filled(pieces, self._texts(nodes, file, depth + 1))


def _filled(pieces: list[str], texts: list[str]) -> str:
    """Return the pieces with the texts between them."""
    if len(pieces) != len(texts) + 1 or any("%" in each or "{" in each for each in pieces):
        raise Unknown
    return pieces[0] + "".join(
        f"{text}{piece}" for text, piece in zip(texts, pieces[1:], strict=True)
    )


def _not_of_a_user(path: str) -> str:
    """Return a path. Raise Unknown if it begins in the home directory of the user who runs the site."""
    if path.startswith("~"):
        raise Unknown
    return path


def _parent(path: str, count: int) -> str:
    for _ in range(min(count, len(path))):
        path = os.path.dirname(path)
    return path
