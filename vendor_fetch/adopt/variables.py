"""Find what a module reads of the environment, without running it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What projects call the settings module of the server, and the value of a variable that chooses it.
PRODUCTION = ("production", "prod", "live")
DEVELOPMENT = ("development", "develop", "dev", "local", "test", "testing", "debug", "staging")
_TESTING = re.compile(r"(^|_)TEST(ING|S)?(_MODE)?$")
_TRUE = {"true", "1", "yes", "on", "t", "y"}
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
# The objects of django-environ, python-decouple and environs, as their documentation names them.
READERS = {"env", "ENV", "config", "getenv"}
_READER = re.compile(r"(^|_)(env|environ|environment)(_|$)|^getenv")
# What django-environ, dj-database-url and others read without a name.
_UNNAMED = {
    "db": "DATABASE_URL",
    "db_url": "DATABASE_URL",
    "cache": "CACHE_URL",
    "cache_url": "CACHE_URL",
    "email": "EMAIL_URL",
    "email_url": "EMAIL_URL",
}
# The values of django-configurations that have no default, and those with a name of their own.
_WITHOUT_DEFAULT = {"SecretValue"}
_OF_URLS = {
    "DatabaseURLValue": "DATABASE_URL",
    "CacheURLValue": "CACHE_URL",
    "EmailURLValue": "EMAIL_URL",
    "SearchURLValue": "SEARCH_URL",
}


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable of the environment that settings read.

    It is `required` if they have no `default`, and read it in any case.
    """

    name: str
    file: Path
    line: int
    required: bool
    default: ast.expr | None = None


class Environment:
    """The ways in which a module reads the environment."""

    def __init__(self, file: Path, tree: ast.Module) -> None:
        self._file = file
        self._schemes: dict[str, ast.expr] = {}
        self._mappings = {"environ"}
        self._readers = set(READERS)
        self._tolerant: set[str] = set()  # readers that return something in any case
        for node in ast.walk(tree):
            match node:
                # environ.Env(DEBUG=(bool, False))
                case ast.Call(func=function, keywords=keywords) if _last(function).endswith("Env"):
                    self._schemes |= {each.arg: each.value for each in keywords if each.arg}
                case ast.FunctionDef(name=name, args=ast.arguments(args=[_, *_])) if reads(node):
                    self._readers.add(name)
                    if node.args.defaults or not _subscripts(node):
                        self._tolerant.add(name)
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_copy(value):
                    self._mappings.add(name)

    def variables(self, node: ast.AST) -> Iterator[Variable]:
        """Yield the variables that a piece of the module reads."""
        return self._walk(node, "", is_needed=True)

    def _walk(self, node: ast.AST, setting: str, *, is_needed: bool) -> Iterator[Variable]:
        if found := self._variable(node, setting, is_needed=is_needed):
            yield found
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                yield from self._walk(test, "", is_needed=is_needed)
                sure = taken_by_server(test)
                for branch, is_sure in ((body, sure is True), (orelse, sure is False)):
                    for each in branch:
                        yield from self._walk(each, setting, is_needed=is_needed and is_sure)
                return
            case ast.IfExp():
                is_needed, children = False, list(ast.iter_child_nodes(node))
            case ast.Try(handlers=[_, *_]) | ast.FunctionDef() | ast.Lambda():
                is_needed, children = False, list(ast.iter_child_nodes(node))
            case ast.Assign(targets=[ast.Name(id=setting)]):
                children = list(ast.iter_child_nodes(node))
            case _:
                children = list(ast.iter_child_nodes(node))
        for child in children:
            yield from self._walk(child, setting, is_needed=is_needed)

    def _variable(self, node: ast.AST, setting: str, *, is_needed: bool) -> Variable | None:
        default: ast.expr | None = None
        match node:
            case ast.Subscript(value=owner, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
                if _last(owner) not in self._mappings:
                    return None
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *others]) if (
                _words(function)[0] != "values"
            ):
                words = _words(function)
                if words[-1] in ("setdefault", "pop", "prefixed", "read_env"):
                    return None
                if words[-2:] == ["config", "get"]:  # of ConfigParser
                    return None
                is_mapping = words[-1] in ("get", "getenv") or words[-1] in self._tolerant
                if not (words[-1] == "get" and {*words[-2:-1]} & self._mappings) and not any(
                    self._is_reader(word) for word in (words[0], words[-1])
                ):
                    return None
                default = _default(node, others)
                default = self._of_scheme(name) if default is None else default
                is_needed = is_needed and not is_mapping
            case ast.Call(func=ast.Attribute(value=ast.Name(id="env"), attr=attr), args=[]) if (
                attr in _UNNAMED
            ):
                name, default = _UNNAMED[attr], _default(node, [])
            case ast.Call(func=ast.Attribute(value=ast.Name(id="dj_database_url"), attr="config")):
                name, default = "DATABASE_URL", _default(node, [])
                is_needed = False  # many update a dictionary with it
            case ast.Call(func=ast.Attribute(value=ast.Name(id="values"), attr=kind)) if setting:
                name = _of_configurations(node, setting)
                default = _default(node, node.args[:1])
                is_needed = is_needed and kind in _WITHOUT_DEFAULT
            case _:
                return None
        if not _VARIABLE.fullmatch(name) or name == "DJANGO_SETTINGS_MODULE":
            return None
        return Variable(
            name=name,
            file=self._file,
            line=node.lineno,
            required=is_needed and default is None,
            default=default,
        )

    def _is_reader(self, word: str) -> bool:
        return word in self._readers or _READER.search(word) is not None

    def _of_scheme(self, name: str) -> ast.expr | None:
        match self._schemes.get(name):
            case ast.Tuple(elts=[_, default]):
                return default
        return None


def _subscripts(node: ast.AST) -> bool:
    """Return whether a function takes a variable that has to be set."""
    return any(
        isinstance(each, ast.Subscript) and _last(each.value) == "environ"
        for each in ast.walk(node)
    )


def is_true(default: ast.expr | None) -> bool:
    """Return whether the default of a variable means yes."""
    match default:
        case ast.Constant(value=str(text)):
            return text.lower() in _TRUE
        case ast.Constant(value=bool() | int() as value):
            return bool(value)
    return False


def taken_by_server(test: ast.expr) -> bool | None:
    """Return whether a condition holds on the server, which has no DEBUG; None if nobody knows.

    The server has the value of a variable by which the settings choose those for production.
    """
    match test:
        case ast.Name(id=name) if name == "DEBUG" or _TESTING.search(name):
            return False
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            holds = taken_by_server(operand)
            return None if holds is None else not holds
        case ast.BoolOp(op=op, values=values):
            all_hold = [taken_by_server(each) for each in values]
            decisive = isinstance(op, ast.Or)  # one that holds is enough
            if decisive in all_hold:
                return decisive
            return None if None in all_hold else not decisive
        case ast.Compare(left=ast.Constant(value="test"), ops=[ast.In()]):  # in sys.argv
            return False
        case ast.Compare(ops=[ast.Eq()], comparators=[ast.Constant(value=str(text))]):
            if text.lower() in PRODUCTION:
                return True
            return False if text.lower() in DEVELOPMENT else None
    return None


def reads(node: ast.AST) -> bool:
    """Return whether a piece of a module reads the environment of the process."""
    return any(
        isinstance(each, ast.Name | ast.Attribute) and _last(each) in ("environ", "getenv")
        for each in ast.walk(node)
    )


def _words(node: ast.expr) -> list[str]:
    return ast.unparse(node).split(".")


def _last(node: ast.expr) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _is_copy(value: ast.expr) -> bool:
    """Return whether an expression is os.environ, or a copy of it."""
    match value:
        case ast.Attribute(attr="environ"):
            return True
        case ast.Call(func=ast.Attribute(value=owner, attr="copy")):
            return _last(owner) == "environ"
        case ast.Call(func=ast.Name(id="dict"), args=[owner]):
            return _last(owner) == "environ"
    return False


def _default(call: ast.Call, others: list[ast.expr]) -> ast.expr | None:
    named = (each.value for each in call.keywords if each.arg in ("default", "optional"))
    return next(named, others[0] if others else None)


def _of_configurations(call: ast.Call, setting: str) -> str:
    """Return the variable of a value of django-configurations, by its own rules."""
    kind = _last(call.func)
    if kind in _OF_URLS:
        return _OF_URLS[kind]
    given = {
        each.arg: each.value.value or ""
        for each in call.keywords
        if isinstance(each.value, ast.Constant)
    }
    prefix = str(given.get("environ_prefix", "DJANGO"))
    name = str(given.get("environ_name", setting))
    return f"{prefix}_{name}" if prefix else name


def function_value(node: ast.FunctionDef) -> ast.Lambda | None:
    """Return a function of settings as an expression, if it is one; None otherwise.

    One that reads the environment returns the default that it gets as its second argument.
    """
    last = node.body[-1]
    parameters = [each.arg for each in node.args.args]
    if len([each for each in node.body if not _is_text(each)]) == 1 and isinstance(
        last, ast.Return
    ):
        return ast.Lambda(args=node.args, body=last.value) if last.value else None
    if reads(node) and parameters[1:]:
        return ast.Lambda(args=node.args, body=ast.Name(id=parameters[1], ctx=ast.Load()))
    return None


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
