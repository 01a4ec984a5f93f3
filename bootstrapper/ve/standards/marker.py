"""Environment markers (PEP 508), such as `python_version == "3.12" and extra == "x"`."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.version import InvalidVersion, Version, matches

VARIABLES = frozenset(
    {
        "os_name",
        "sys_platform",
        "platform_machine",
        "platform_python_implementation",
        "platform_release",
        "platform_system",
        "platform_version",
        "python_version",
        "python_full_version",
        "implementation_name",
        "implementation_version",
        "extra",
    }
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])
          |(?P<string>'[^']*'|"[^"]*")
          |(?P<operator>===|~=|==|!=|<=|>=|<|>|not\s+in\b|in\b)
          |(?P<word>[A-Za-z_.]+))""",
    re.VERBOSE,
)
_VERSION_OPERATORS = frozenset({"===", "~=", "==", "!=", "<=", ">=", "<", ">"})
_VERSIONS = frozenset(
    {"python_version", "python_full_version", "implementation_version", "platform_release"}
)
# Texts have no order: `<=` and `>=` hold for equal ones only, as in the reference implementation.
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "in": lambda one, other: one in other,
    "not in": lambda one, other: one not in other,
    "==": str.__eq__,
    "!=": str.__ne__,
    "<=": str.__eq__,
    ">=": str.__eq__,
    "<": lambda one, other: False,
    ">": lambda one, other: False,
}

Environment = Mapping[str, str]
_Test = Callable[[Environment], bool]
_Operand = tuple[str, str]  # ("name" | "text", the name or the text)


class InvalidMarker(ValueError):
    """The text is no marker as PEP 508 defines them."""


class Marker:
    """A parsed marker, and the `variables` that it has. Raise InvalidMarker if the text is none."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        reader = _Reader(text)
        self._test = reader.read()
        self.variables = frozenset(reader.variables)

    def holds(self, environment: Environment) -> bool:
        """Return whether the marker is true in an environment; `extra` may be missing from it."""
        return self._test(environment)

    def __str__(self) -> str:
        return self.text


class _Reader:
    """A recursive descent parser: `or`, `and`, parentheses and comparisons."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split(text))
        self._next = 0
        self.variables: set[str] = set()

    def read(self) -> _Test:
        test = self._either()
        if self._next < len(self._tokens):
            raise InvalidMarker(f"{self._tokens[self._next][1]!r} is not expected there")
        return test

    @staticmethod
    def _split(text: str) -> list[_Operand]:
        tokens, place, end = [], 0, len(text.rstrip())
        while place < end:
            match = _TOKEN.match(text, place)
            if not match or match.lastgroup is None:
                raise InvalidMarker(f"{text[place:].strip()!r} is not a marker")
            tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        return tokens

    def _take(self) -> _Operand:
        if self._next == len(self._tokens):
            raise InvalidMarker("the marker ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _accept(self, text: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next][1] == text:
            self._next += 1
            return True
        return False

    def _either(self) -> _Test:
        tests = [self._both()]
        while self._accept("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda env: any(test(env) for test in tests)

    def _both(self) -> _Test:
        tests = [self._one()]
        while self._accept("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda env: all(test(env) for test in tests)

    def _one(self) -> _Test:
        if self._accept("("):
            test = self._either()
            if not self._accept(")"):
                raise InvalidMarker("a closing parenthesis is missing")
            return test
        left = self._operand()
        kind, operator = self._take()
        if kind != "operator":
            raise InvalidMarker(f"{operator!r} is not a comparison")
        right = self._operand()
        if left[0] == right[0]:
            raise InvalidMarker("a comparison needs one variable and one quoted text")
        name, text = (left[1], right[1]) if left[0] == "name" else (right[1], left[1])
        if operator in ("~=", "===") and not (name in _VERSIONS and _is_version(text)):
            raise InvalidMarker(f"{operator!r} compares versions only")
        return lambda env: _compare(left, " ".join(operator.split()), right, env)

    def _operand(self) -> _Operand:
        kind, text = self._take()
        if kind == "string":
            return "text", text[1:-1]
        name = text.replace(".", "_")
        name = "platform_python_implementation" if name == "python_implementation" else name
        if kind != "word" or name not in VARIABLES:
            raise InvalidMarker(f"{text!r} is not a marker variable")
        self.variables.add(name)
        return "name", name


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


@lru_cache(maxsize=4096)  # the markers of many targets compare the same few versions
def _satisfies(version: str, specifier: str) -> bool:
    return matches(Version(version), specifier)


def _compare(left: _Operand, operator: str, right: _Operand, environment: Environment) -> bool:
    name = left[1] if left[0] == "name" else right[1]
    one, other = (
        environment.get(text, "") if kind == "name" else text for kind, text in (left, right)
    )
    if name == "extra":
        one, other = canonical_name(one), canonical_name(other)
    if name in _VERSIONS and operator in _VERSION_OPERATORS:
        try:
            return _satisfies(one, operator + other)
        except InvalidVersion:
            pass  # not a version: compare as text
    if operator not in _TEXT:
        raise InvalidMarker(f"{operator!r} compares versions only")
    return _TEXT[operator](one, other)
