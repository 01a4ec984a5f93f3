"""Find out whether DEBUG is on by default, and which value of its variable switches it off."""

import ast

from vendor_fetch.adopt.variables import DEVELOPMENT, is_true


def debug_is_on(expression: ast.expr, default: ast.expr | None) -> bool:
    """Return whether an expression of DEBUG is true if its variable has the default; None is no value."""
    text = default.value if isinstance(default, ast.Constant) else None
    fold = "lower()" in ast.unparse(expression)
    match expression:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not debug_is_on(operand, default)
        case ast.Compare(ops=[ast.Eq()], comparators=[ast.Constant(value=other)]):
            return _same(text, other, fold=fold)
        case ast.Compare(ops=[ast.NotEq()], comparators=[ast.Constant(value=other)]):
            return not _same(text, other, fold=fold)
        case ast.Compare(
            ops=[ast.In()], comparators=[ast.List() | ast.Tuple() | ast.Set() as several]
        ):
            others = [each.value for each in several.elts if isinstance(each, ast.Constant)]
            return any(_same(text, other, fold=fold) for other in others)
    return is_true(default)


def debug_off(expression: ast.expr) -> str:
    """Return the value of a variable for which an expression of DEBUG is false."""
    match expression:
        case ast.UnaryOp(op=ast.Not()):
            return "True"
        case ast.Compare(ops=[ast.NotEq()], comparators=[ast.Constant(value=str(text))]):
            return text
        case ast.Compare(ops=[ast.Eq()], comparators=[ast.Constant(value=str(text))]) if (
            text.lower() in DEVELOPMENT
        ):
            return "production"
        case ast.Call(func=ast.Name(id="bool"), args=[ast.Call(func=function)]) if ast.unparse(
            function
        ) in ("os.environ.get", "os.getenv", "environ.get", "getenv"):
            return ""
    is_number = any(
        isinstance(each, ast.Name) and each.id == "int" for each in ast.walk(expression)
    )
    return "0" if is_number else "False"


def _same(one: object, other: object, *, fold: bool) -> bool:
    if fold and isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return one == other
