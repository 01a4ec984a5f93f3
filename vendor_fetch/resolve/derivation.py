"""Read how uv explains that requirements have no solution.

uv prints the derivation of its resolver (PubGrub) in sentences: "Because app==1.0 depends on helper<2
and you require helper>=2, we can conclude that …". The facts in it are what this module returns.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from bootstrapper.ve.standards.filename import canonical_name

_NAME = r"[A-Za-z0-9](?:[\w.-]*\w)?(?:\[[^\]|]*\])?"
_BOUND = r"[<>=!~]=?[^\s,<>=!~|]*[^\s,<>=!~|.]"
_RANGE = rf"(?:{_BOUND}(?:,{_BOUND})*)?"
_TERM = rf"(?:all versions of )?{_NAME}{_RANGE}"
_DEPENDS = re.compile(
    rf"(?P<who>{_TERM}) depends? on (?:one of )?(?!one of)(?P<what>{_NAME}{_RANGE})"
)
_REQUIRED = re.compile(
    rf"\byou require (?:one of )?"
    rf"(?P<list>{_NAME}{_RANGE}(?:(?:, and | and |, )(?!we can |because ){_NAME}{_RANGE})*)"
)
_MISSING = re.compile(rf"(?P<who>{_NAME}) was not found in the (?:package|provided)")
_AVAILABLE = re.compile(rf"only (?P<what>{_NAME}{_RANGE}) is available")
_FOLLOWING = re.compile(
    rf"only the following versions of (?P<name>{_NAME}) are available: (?P<list>[^;]*);"
)
_NO_WHEEL = re.compile(rf"(?P<who>{_TERM}) has no wheels with a matching")
_YANKED = re.compile(rf"(?P<who>{_TERM}) was yanked")
_NO_VERSION = re.compile(rf"there (?:is|are) no versions? of (?P<what>{_NAME}{_RANGE})")
_MENTIONED = re.compile(rf"(?<![\w.-]){_NAME}(?={_BOUND})")
_WHEEL_TAGS = re.compile(r"hint: .*? for `(?P<name>[^`]+)` \(v(?P<version>[^)]+)\)(?P<rest>[^\n]*)")
# A list of ranges: "one of:", and an indented line for each.
_LIST = re.compile(r":\n(?P<items>(?:[ ]+\S+(?:\n|$))+)")


@dataclass(frozen=True)
class Dependency:
    """That versions of a package, `who`, depend on `what`; both have a name and a range."""

    who: str
    what: str

    @property
    def requester(self) -> str:
        """The canonical name of what has the dependency."""
        return name_of(self.who)

    @property
    def name(self) -> str:
        """The canonical name of what it depends on."""
        return name_of(self.what)


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """The facts of an explanation.

    `required` are the names that the requirements have, `mentioned` all names with versions, and
    `missing` those that the index lacks. The others are by the name of a package: what is
    `available`, in words, the versions `without_wheel` that fits, the `yanked` ones, and the `tags`
    of the wheels that it has instead.
    """

    required: tuple[str, ...]
    mentioned: frozenset[str]
    dependencies: tuple[Dependency, ...]
    missing: tuple[str, ...]
    available: dict[str, str]
    without_wheel: dict[str, str]
    yanked: dict[str, str]
    tags: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, output: str) -> Self:
        """Return the facts in the output of uv."""
        text, _, hints = output.partition("\nhint:")
        text = " ".join(_LIST.sub(_joined, text).split())
        required = [
            name_of(term)
            for match in _REQUIRED.finditer(text)
            for term in re.split(r",? and |, ", match["list"])
        ]
        found = {
            name_of(match["what"]): f"the index has no {match['what']}"
            for match in _NO_VERSION.finditer(text)
        }
        found |= {
            name_of(match["what"]): f"the index has {match['what']} only"
            for match in _AVAILABLE.finditer(text)
        }
        found |= {
            name_of(match["name"]): f"the index has only {match['list']}"
            for match in _FOLLOWING.finditer(text)
        }
        return cls(
            required=tuple(dict.fromkeys(required)),
            mentioned=frozenset(name_of(match[0]) for match in _MENTIONED.finditer(text)),
            dependencies=tuple(
                Dependency(match["who"], match["what"]) for match in _DEPENDS.finditer(text)
            ),
            missing=tuple(name_of(match["who"]) for match in _MISSING.finditer(text)),
            available=found,
            without_wheel={
                name_of(match["who"]): match["who"] for match in _NO_WHEEL.finditer(text)
            },
            yanked={name_of(match["who"]): match["who"] for match in _YANKED.finditer(text)},
            tags={
                canonical_name(match["name"]): tuple(re.findall(r"`([^`]+)`", match["rest"]))
                for match in _WHEEL_TAGS.finditer(f"hint:{hints}")
            },
        )

    @property
    def unusable(self) -> frozenset[str]:
        """The names of the packages that the index lacks, or has in other versions or files only."""
        return frozenset(
            (*self.missing, *self.available, *self.without_wheel, *self.yanked),
        )

    def chain(self, root: str, others: Collection[str]) -> list[Dependency]:
        """Return the shortest way from a package to what stands in the way; the newest versions of it.

        `others` are packages that lines of apps.in are about. The way is empty if the root itself
        stands in the way, or if no dependency leads to it.
        """
        ways: dict[str, list[Dependency]] = {root: []}
        queue = [root]
        for name in queue:
            newest = {each.name: each for each in self.dependencies if each.requester == name}
            for dependency in newest.values():
                if dependency.name not in ways:
                    ways[dependency.name] = [*ways[name], dependency]
                    queue.append(dependency.name)
        ranked = [(self._rank(name, others), at, name) for at, name in enumerate(queue)]
        return ways[min(ranked)[2]] if ranked else []

    def _rank(self, name: str, others: Collection[str]) -> int:
        """Return 0 for a package that cannot be used, then those that are disputed."""
        if name in ("python", *self.missing, *self.without_wheel, *self.yanked):
            return 0
        requesters = {each.requester for each in self.dependencies if each.name == name}
        disputed = len(requesters) + (name in others) > 1 or name in self.available
        leads_on = any(each.requester == name for each in self.dependencies)
        return (2 if leads_on else 1) if disputed else 3


def _joined(match: re.Match[str]) -> str:
    """Return a list of ranges of one package as one term, `helper!=2.0,<5`, or else as a list."""
    items = match["items"].split()
    name = re.match(_NAME, items[0])
    ranges = [item.removeprefix(name[0]).split(",") for item in items] if name else []
    clauses = list(ranges[0]) if ranges else []
    for following in ranges[1:]:
        if not clauses or clauses[-1][1:] != following[0][1:] or clauses[-1][0] != "<":
            return f": {', '.join(items)}; "
        clauses[-1] = f"!={clauses[-1][1:]}"
        clauses += following[1:]
    return f" {name[0] if name else ''}{','.join(clauses)}, "


def name_of(term: str) -> str:
    """Return the canonical name in a term, such as `all versions of app[more]>=1`."""
    match = re.match(r"[A-Za-z0-9][\w.-]*", term.removeprefix("all versions of "))
    return canonical_name(match[0].rstrip(".")) if match else ""
