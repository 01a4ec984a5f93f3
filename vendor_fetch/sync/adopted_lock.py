"""The versions and hashes of another program's lock, which a project is adopted from."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.standards.version import same_version
from vendor_fetch.program import retry_command
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.choice import with_hashes
from vendor_fetch.resolve.derivation import Derivation
from vendor_fetch.resolve.resolver import Package
from vendor_fetch.resolve.shared_versions import Pins, Resolutions
from vendor_fetch.resolve.uv_failure import Unsatisfiable

Resolve = Callable[[Sequence[str], Pins], Resolutions]


@dataclass(frozen=True, kw_only=True)
class AdoptedLock:
    """What the lock says of each package, by name.

    `locked` are its versions; there may be several for several environments. `constraints` are the
    same as requirements, such as `django==5.2 ; python_version < "3.13"`, without those that no
    marker tells apart. `hashes` are the accepted sha256 of their files.
    """

    locked: Mapping[str, Collection[str]] = field(default_factory=dict)
    constraints: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def pins(self) -> dict[str, str]:
        """The versions of the packages that have one."""
        return {name: min(each) for name, each in self.locked.items() if len(each) == 1}

    def resolve(self, resolve: Resolve) -> Resolutions:
        """Return what a resolver finds with as many of the locked versions as it can.

        `resolve` gets constraints and preferred versions. The versions are constraints as long as
        that has a solution: where one of several indexes has a preferred version without the file
        that fits, uv finds no other one.
        """
        pins = self.pins
        kept, preferred = dict(self.constraints), dict[str, str]()
        while True:
            try:
                return resolve([line for lines in kept.values() for line in lines], preferred)
            except Unsatisfiable as error:
                if kept:
                    excluded = _excluded(error.output, kept) or kept.keys()
                    preferred |= {name: pins[name] for name in excluded if name in pins}
                    kept = {name: kept[name] for name in kept if name not in excluded}
                elif preferred:
                    preferred = {}
                else:
                    raise

    def with_hashes(self, name: str, packages: Mapping[Target, Package]) -> dict[Target, Package]:
        """Return the packages of a name with the files that the lock accepts.

        Another version than the locked one has no hashes. Raise WorkFailed if no file is accepted.
        """
        hashes, versions = self.hashes.get(name), self.locked.get(name, ())
        pinned = {
            target: package
            for target, package in packages.items()
            if any(same_version(package.version, version) for version in versions)
        }
        if not hashes or not pinned:
            return dict(packages)
        try:
            return {**packages, **with_hashes(pinned, hashes)}
        except WorkFailed:
            raise WorkFailed(
                f"{name} {' or '.join(versions)}",
                "no file of the index that fits has a hash of the lock",
                f"{retry_command()} --relax {name}  # if the index is right: takes another file",
            ) from None


def _excluded(output: str, names: Mapping[str, object]) -> set[str]:
    """Return the packages whose locked version is the cause, as uv explains it."""
    derivation = Derivation.of(output)
    return set(derivation.unusable & names.keys() or derivation.mentioned & names.keys())
