"""Version numbers and specifiers as PEP 440 defines them."""

import re
from functools import total_ordering

_VERSION = re.compile(
    r"""v?(?:(?P<epoch>\d+)!)?
        (?P<release>\d+(?:\.\d+)*)
        (?:[-_.]?(?P<pre>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_n>\d*))?
        (?:-(?P<post_implicit>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_n>\d*))?
        (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_n>\d*))?
        (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LONGEST = 1000  # letters
_PHASES = {
    "a": "a",
    "alpha": "a",
    "b": "b",
    "beta": "b",
    "c": "rc",
    "rc": "rc",
    "pre": "rc",
    "preview": "rc",
}
_CLAUSE = re.compile(r"(===|~=|==|!=|<=|>=|<|>)\s*([^\s,]+)", re.ASCII)

# PEP 440, "Summary of permitted suffixes and relative ordering": dev before pre before final.
_Phase = tuple[int, str, int]
_DEV_ONLY: _Phase = (0, "", 0)
_FINAL: _Phase = (2, "", 0)


class InvalidVersion(ValueError):
    """The text is no version, or no version specifier, of PEP 440."""


@total_ordering
class Version:
    """A version; `Version("1.0") == Version("1.0.0")`. Raise InvalidVersion if the text is none."""

    def __init__(self, text: str) -> None:
        # int() refuses numbers of more than 4300 digits. No real version is so long.
        match = _VERSION.fullmatch(text.strip()) if len(text) <= _LONGEST else None
        if not match:
            raise InvalidVersion(f"{text[:_LONGEST]!r} is not a version")
        part = match.groupdict()
        self.text = text.strip()
        self.epoch = int(part["epoch"] or 0)
        self.release = tuple(int(number) for number in part["release"].split("."))
        self.is_prerelease = bool(part["pre"] or part["dev"])
        self.is_postrelease = bool(part["post"] or part["post_implicit"])
        self.local = part["local"]

        dev = int(part["dev_n"] or 0) if part["dev"] else None
        post = int(part["post_implicit"] or part["post_n"] or 0) if self.is_postrelease else -1
        if part["pre"]:
            phase: _Phase = (1, _PHASES[part["pre"].lower()], int(part["pre_n"] or 0))
        elif dev is not None and post < 0:
            phase = _DEV_ONLY
        else:
            phase = _FINAL
        # A version without .devN sorts after those with one, without a local label before them.
        self.final = (self.epoch, _trimmed(self.release), post)
        self.early = (self.epoch, _trimmed(self.release), phase)
        self._public = (
            self.epoch,
            _trimmed(self.release),
            phase,
            post,
            (1, 0) if dev is None else (0, dev),
        )
        labels = re.split(r"[-_.]", self.local.lower()) if self.local else []
        self._local = tuple(
            (1, int(each), "") if each.isdigit() else (0, 0, each) for each in labels
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return (self._public, self._local) == (other._public, other._local)

    def __lt__(self, other: "Version") -> bool:
        return (self._public, self._local) < (other._public, other._local)

    def __hash__(self) -> int:
        return hash((self._public, self._local))

    def __str__(self) -> str:
        return self.text

    def same_public(self, other: "Version") -> bool:
        """Return whether the two are equal apart from their local labels."""
        return self._public == other._public

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


def matches(version: Version, specifier: str) -> bool:
    """Return whether a version satisfies a specifier such as `>=3.11,<3.14` or `==3.12.*`.

    Every version satisfies an empty specifier. Raise InvalidVersion if any clause is invalid, even
    if another clause already excludes the version.
    """
    clauses = [_clause(part.strip()) for part in specifier.split(",") if part.strip()]
    held = [_holds(version, operator, bound) for operator, bound in clauses]
    return all(held)


def same_version(one: str, other: str) -> bool:
    """Return whether two texts are the same version; texts that are none are compared as they are."""
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return re.sub(r"[-_]+", "-", one) == re.sub(r"[-_]+", "-", other)


def identical(text: str, specifier: str) -> bool:
    """Return whether a text that is no version (`2004d`) satisfies a specifier.

    Only `===` compares texts.
    """
    clauses = [_clause(part.strip()) for part in specifier.split(",") if part.strip()]
    return all(operator == "===" and text.lower() == bound.lower() for operator, bound in clauses)


def _clause(text: str) -> tuple[str, str]:
    match = _CLAUSE.fullmatch(text)
    if not match:
        raise InvalidVersion(f"{text!r} is not a version specifier")
    return match[1], match[2]


def _holds(version: Version, operator: str, bound: str) -> bool:
    if operator == "===":
        return version.text.lower() == bound.lower()
    if bound.endswith(".*"):
        if operator not in ("==", "!="):
            raise InvalidVersion(f"'{operator}{bound}': .* goes with == and != only")
        return _has_prefix(version, Version(bound[:-2])) == (operator == "==")
    other = Version(bound)
    if operator == "~=":
        if len(other.release) < 2:
            raise InvalidVersion(f"'~={bound}' needs at least two numbers")
        prefix = ".".join(str(number) for number in other.release[:-1])
        return version >= other and _has_prefix(version, Version(f"{other.epoch}!{prefix}"))
    # A bound without a local label ignores the version's (PEP 440, "Version matching").
    same = version == other if other.local else version.same_public(other)
    match operator:
        case "==":
            return same
        case "!=":
            return not same
        case "<=":
            return same or version < other
        case ">=":
            return same or version > other
        case "<":
            # "The exclusive ordered comparison <V MUST NOT allow a pre-release of V."
            pre_of_bound = (
                version.is_prerelease and not other.is_prerelease and version.final == other.final
            )
            return version < other and not same and not pre_of_bound
        case _:
            # ">V MUST NOT allow a post-release of the given version unless V itself is one."
            post_of_bound = (
                version.is_postrelease and not other.is_postrelease and version.early == other.early
            )
            return version > other and not same and not post_of_bound


def _has_prefix(version: Version, prefix: Version) -> bool:
    length = len(prefix.release)
    padded = version.release + (0,) * (length - len(version.release))
    return version.epoch == prefix.epoch and padded[:length] == prefix.release


def _trimmed(release: tuple[int, ...]) -> tuple[int, ...]:
    end = len(release)
    while end > 1 and release[end - 1] == 0:
        end -= 1
    return release[:end]
