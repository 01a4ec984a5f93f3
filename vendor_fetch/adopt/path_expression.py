"""Work out the texts and paths in the expressions of settings, without running them."""

import ast
import os.path
from collections.abc import Mapping
from pathlib import Path

from vendor_fetch.adopt.settings_module import Assigned

# More would be a name that is defined by itself.
_DEPTH = 30
# Each of thirty names can stand for several others.
_STEPS = 5000
_LONGEST = 4096
_MODULES = {"os", "os.path", "path", "posixpath", "pathlib", "environ"}
# Their result is the argument, or what they are called on. Old settings have replace("\\\\", "/").
_SAME = {"str", "unicode", "abspath", "realpath", "normpath", "expanduser", "fspath", "force_str"}
_SAME_METHODS = {"resolve", "absolute", "as_posix", "rstrip", "expanduser", "decode", "replace"}
_JOINING = {"join", "safe_join", "Path", "PurePath"}
_JOINING_METHODS = {"joinpath", "child", "path"}
_READERS = {"env", "config", "getenv"}


class Unknown(Exception):
    """The expression needs something that only a run would know."""


def text_of(assigned: Assigned | None, names: Mapping[str, Assigned]) -> str | None:
    """Return the text or the path that an expression of settings stands for.

    `names` are what the settings assign. Return None if only a run would know.
    """
    if not assigned:
        return None
    try:
        return _Evaluation(names).text(assigned.value, assigned.file, 0)
    except Unknown:
        return None


class _Evaluation:
    def __init__(self, names: Mapping[str, Assigned]) -> None:
        self._names = names
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
            if keyword.arg == "default":  # env("STATIC_ROOT", default=...)
                return self.text(keyword.value, file, depth)
        match call.func:
            case ast.Attribute(value=owner, attr=name) if ast.unparse(owner) not in _MODULES:
                return self._method(owner, name, call.args, file, depth)
            case ast.Attribute(attr=name) | ast.Name(id=name):
                return self._function(name, call, file, depth)
        raise Unknown

    def _function(self, name: str, call: ast.Call, file: Path, depth: int) -> str:
        if name in _READERS:
            return self._default(call.args, file, depth)
        if name == "dirname" and call.args:
            return _parent(self.text(call.args[0], file, depth), 1)
        if name in _SAME and call.args:
            return self.text(call.args[0], file, depth)
        if name in _JOINING and call.args:
            return self._join(call.args, file, depth)
        if isinstance(call.func, ast.Name) and name in self._names:  # ROOT_DIR("static")
            return self._join([call.func, *call.args], file, depth)
        raise Unknown

    def _method(
        self, owner: ast.expr, name: str, arguments: list[ast.expr], file: Path, depth: int
    ) -> str:
        if ast.unparse(owner).split(".")[-1] in ("environ", *_READERS):
            return self._default(arguments, file, depth)
        if name in _SAME_METHODS:
            return self.text(owner, file, depth)
        if name in _JOINING_METHODS:
            return self._join([owner, *arguments], file, depth)
        match name, arguments:
            case "ancestor", [ast.Constant(value=int(count))]:
                return _parent(self.text(owner, file, depth), count)
        raise Unknown

    def _default(self, arguments: list[ast.expr], file: Path, depth: int) -> str:
        """Return the default of a variable of the environment, its second argument."""
        if len(arguments) < 2:
            raise Unknown
        return self.text(arguments[1], file, depth)

    def _join(self, nodes: list[ast.expr], file: Path, depth: int) -> str:
        return os.path.join(*(self.text(each, file, depth) for each in nodes))


def _parent(path: str, count: int) -> str:
    for _ in range(min(count, len(path))):
        path = os.path.dirname(path)
    return path
