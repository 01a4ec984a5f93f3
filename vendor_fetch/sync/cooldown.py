"""Hold back versions that no lock has and that are younger than the project's `cooldown`."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.version import same_version
from vendor_fetch.program import now_command
from vendor_fetch.resolve.resolver import Artifact
from vendor_fetch.sync.pins import Fix

# The held versions of a package that are named one by one.
_MOST_NAMED = 2


class Cooldown:
    """The versions that one resolution has held back so far.

    A version in `locked` is not new. One of the `fixes` or of the `adopted` lock (by package) passes.
    """

    def __init__(
        self,
        least_age: timedelta,
        locked: Iterable[LockedFile],
        fixes: Mapping[str, Fix],
        adopted: Mapping[str, Collection[str]],
    ) -> None:
        self._least_age = least_age
        self._passing = {(each.distribution.name, each.distribution.version) for each in locked}
        self._passing |= {(name, fix.version) for name, fix in fixes.items()}
        # A list may have 6.1.0 for the version that its file calls 6.1.
        self._adopted = adopted
        self._held: dict[tuple[str, str], str] = {}
        self._without_time = False

    def hold_back(self, lines: Iterable[LockedFile], known: Mapping[str, Artifact]) -> list[str]:
        """Return constraints, `NAME!=1.0`, against the versions that are too young.

        `known` are the artifacts of the lines by their sha256.
        """
        if not self._least_age:
            return []
        now, young = datetime.now(UTC), {}
        for line in lines:
            version = line.distribution.name, line.distribution.version
            artifact = known.get(line.sha256[0])
            if not artifact or version in self._passing or self._is_adopted(*version):
                continue
            if artifact.uploaded is None:
                self._without_time = True
            elif now - artifact.uploaded < self._least_age:
                young[version] = _age(now - artifact.uploaded)
        self._held |= young
        return [f"{name}!={number}" for name, number in young]

    def _is_adopted(self, name: str, version: str) -> bool:
        return any(same_version(version, each) for each in self._adopted.get(name, ()))

    def notes(self) -> Iterator[str]:
        """Yield what the user should know about the versions that were held back."""
        for (name, number, age), others in self._named():
            yield f"held back: {name} {number}, {age} old{others}; --now takes it"
        if self._without_time:
            yield (
                "note: the index does not tell when some versions were uploaded, so they are taken "
                "however new they are (see cooldown in pyproject.toml)"
            )

    def _named(self) -> Iterator[tuple[tuple[str, str, str], str]]:
        """Yield the held versions: of a package with many, the newest and words about the others."""
        versions: dict[str, list[tuple[str, str, str]]] = {}
        for (name, number), age in self._held.items():  # the newest is held first
            versions.setdefault(name, []).append((name, number, age))
        for every in versions.values():
            if len(every) > _MOST_NAMED:
                yield every[0], f", and {len(every) - 1} older versions of it"
            else:
                yield from ((each, "") for each in every)

    def explain(self, error: WorkFailed) -> WorkFailed:
        """Return the error of a resolver with the versions that were held back from it."""
        if not self._held:
            return error
        held = ", ".join(
            f"{name} {number} is {age} old{others}" for (name, number, age), others in self._named()
        )
        return WorkFailed(
            error.where,
            f"{error.fault}\n  cooldown in pyproject.toml holds new versions back: {held}",
            f"{now_command()}  # takes them this time",
        )


def _age(time: timedelta) -> str:
    """Return a time in words: `3 days`, `5 hours`."""
    number, unit = (time.days, "day") if time.days else (time.seconds // 3600, "hour")
    return f"{number} {unit}{'' if number == 1 else 's'}"
