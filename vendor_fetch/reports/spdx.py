"""SPDX license expressions: normalize them, and compare them with a list of allowed licenses."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from license_expression import (
    AND,
    LicenseSymbol,
    LicenseWithExceptionSymbol,
    Licensing,
    get_spdx_licensing,
)

# A license of nobody else: https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions
_OWN = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
# The longest known expression, of a distribution with many bundled libraries, has 300 letters.
_LONGEST = 2000


# Of the library's other names, the identifiers that SPDX has replaced: GPL-2.0+. Not GPL, which it
# takes for any version, and not LicenseRef-Apache, which can be anybody's own license.
_REPLACED = re.compile(r"(?:A?L?GPL|GFDL)-[\d.]+\+?|BSD-2-Clause-(?:FreeBSD|NetBSD)")


@cache
def _licensing() -> Licensing:
    return Licensing(
        [
            LicenseSymbol(
                symbol.key,
                aliases=tuple(filter(_REPLACED.fullmatch, symbol.aliases)),
                is_exception=symbol.is_exception,
            )
            for symbol in get_spdx_licensing().known_symbols.values()
            if not _OWN.fullmatch(symbol.key)
        ]
    )


def _parsed(text: str) -> Any:
    """Return the syntax tree of an expression, or None if the text is none."""
    if not text.strip() or len(text) > _LONGEST or not text.isprintable():
        return None
    try:
        licensing = _licensing()
        tree = licensing.parse(text, validate=False, strict=True)
        unknown = licensing.unknown_license_keys(tree)
    except Exception:  # the parser raises many types for a wrong text
        return None
    return tree if all(map(_OWN.fullmatch, unknown)) else None


def normalized(text: str) -> str | None:
    """Return an expression with the spelling of SPDX; None if it is none, or names no license."""
    tree = _parsed(text)
    return None if tree is None else str(tree)


def is_same(one: str, other: str) -> bool:
    """Return whether two expressions mean the same."""
    return bool(_licensing().is_equivalent(one, other))


def identifiers(expression: str) -> set[str]:
    """Return the licenses of an expression; `A WITH B` is one."""
    return set(map(str, _licensing().parse(expression).literals))


def joined_by_and(expressions: Iterable[str]) -> str:
    """Return the expression for several that apply together."""
    distinct = sorted(set(expressions))
    if len(distinct) == 1:
        return distinct[0]
    return str(_licensing().parse(" AND ".join(f"({each})" for each in distinct)).simplify())


def refusal(expression: str, allowed: Iterable[str]) -> str:
    """Return why the allowed licenses do not suffice for an expression, or an empty string.

    Of licenses joined by OR one suffices; of those joined by AND all are needed. `A WITH B` is
    allowed if A is: an exception only gives additional permissions.
    """
    return _refusal(_licensing().parse(expression), frozenset(allowed))


def _refusal(tree: Any, allowed: frozenset[str]) -> str:
    if not tree.args or isinstance(tree, LicenseWithExceptionSymbol):
        base = tree.license_symbol if isinstance(tree, LicenseWithExceptionSymbol) else tree
        return "" if {str(tree), str(base)} & allowed else f"{tree} is not allowed"
    refusals = [_refusal(each, allowed) for each in tree.args]
    if isinstance(tree, AND):
        return "; ".join(filter(None, refusals))
    if "" in refusals:
        return ""
    return f"none of {', '.join(sorted(map(str, tree.args)))} is allowed"
