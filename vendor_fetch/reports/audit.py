"""Find the known vulnerabilities of vendored distributions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from packaging.version import InvalidVersion, Version

from vendor_fetch.reports.distributions import Distribution
from vendor_fetch.reports.osv import Advisory, Affected, InvalidAdvisory
from vendor_fetch.reports.settings import Ignore


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A vulnerability of a vendored distribution.

    `ids` are all names of it, the advisory's own first. `chain` leads from the place of a request to
    the package. `fixed` is the smallest later version that the vulnerability does not affect, or "".
    `affects_all_before` says that no version from this one up to `fixed` is safe, either. `ignored`
    is what makes it not count.
    """

    name: str
    version: str
    ids: tuple[str, ...]
    summary: str
    severity: str
    chain: tuple[str, ...]
    fixed: str
    affects_all_before: bool = False
    ignored: Ignore | None = None


def findings(
    vendored: Iterable[Distribution],
    advisories: Iterable[Advisory],
    chain_to: Callable[[str, str], list[str]],
    ignores: Iterable[Ignore],
    *,
    today: date,
) -> list[Finding]:
    """Return the findings, sorted by package. `chain_to(name, version)` says why it is there.

    Withdrawn advisories do not count. Advisories that are aliases of each other are one finding.
    Raise InvalidAdvisory if a range of a vendored package is wrong.
    """
    by_name: dict[str, list[tuple[Advisory, Affected]]] = {}
    for advisory in advisories:
        if not advisory.withdrawn:
            for affected in advisory.affected:
                by_name.setdefault(affected.name, []).append((advisory, affected))
    active = [each for each in ignores if each.until >= today]
    found = []
    for each in vendored:
        matching = [
            advisory
            for advisory, affected in by_name.get(each.name, [])
            if _affects(advisory, affected, each.version)
        ]
        for group in _same_vulnerability(matching):
            identifiers = {advisory.identifier for advisory in group}
            ids = _ids(group)
            all_affected = [
                affected
                for advisory, affected in by_name[each.name]
                if advisory.identifier in identifiers
            ]
            found.append(
                Finding(
                    name=each.name,
                    version=each.version,
                    ids=ids,
                    summary=next((one.summary for one in group if one.summary), ""),
                    severity=next((one.severity for one in group if one.severity), ""),
                    chain=tuple(chain_to(each.name, each.version)),
                    fixed=_fixed(each.version, all_affected),
                    affects_all_before=all(one.ends_with_fixes for one in all_affected),
                    ignored=_ignored(ids, active),
                )
            )
    return found


def _affects(advisory: Advisory, affected: Affected, version: str) -> bool:
    try:
        return affected.affects(version)
    except InvalidAdvisory as error:
        raise InvalidAdvisory(f"{advisory.identifier}: {error}") from None


def _same_vulnerability(advisories: Iterable[Advisory]) -> list[list[Advisory]]:
    """Group advisories that are aliases of each other, also by a common alias."""
    groups: list[tuple[set[str], dict[str, Advisory]]] = []
    for advisory in advisories:
        names = {advisory.identifier, *advisory.aliases}
        members = {advisory.identifier: advisory}
        for group in [each for each in groups if each[0] & names]:
            groups.remove(group)
            names |= group[0]
            members = {**group[1], **members}
        groups.append((names, members))
    return sorted(
        (sorted(members.values(), key=lambda one: one.identifier) for _, members in groups),
        key=lambda group: group[0].identifier,
    )


def _ids(group: list[Advisory]) -> tuple[str, ...]:
    own = [advisory.identifier for advisory in group]
    others = {alias for advisory in group for alias in advisory.aliases}
    return (*own, *sorted(others - set(own)))


def _fixed(version: str, affected: list[Affected]) -> str:
    """Return the smallest fixed version above the vendored one that none of the ranges contains.

    A pre-release is the last choice.
    """
    try:
        current = Version(version)
    except InvalidVersion:  # 2004d
        return ""
    candidates = {fixed for each in affected for fixed in each.fixed if fixed > current}
    for candidate in sorted(candidates, key=lambda one: (one.is_prerelease, one)):
        if not any(each.affects(str(candidate)) for each in affected):
            return str(candidate)
    return ""


def _ignored(ids: Iterable[str], active: Iterable[Ignore]) -> Ignore | None:
    names = {each.lower() for each in ids}
    return next((each for each in active if each.identifier.lower() in names), None)
