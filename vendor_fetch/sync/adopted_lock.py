"""The versions and hashes of another program's lock, which a project is adopted from."""

from collections.abc import Callable, Mapping, Sequence
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

    `versions` are constraints, such as `django==5.2 ; python_version < "3.13"`, and `pins` the
    versions of the packages that have one. `hashes` are the accepted sha256 of the files of these.
    """

    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def resolve(self, resolve: Resolve) -> Resolutions:
        """Return what a resolver finds with as many of the locked versions as it can.

        `resolve` gets constraints and preferred versions. The versions are constraints as long as
        that has a solution: where one of several indexes has a preferred version without the file
        that fits, uv finds no other one.
        """
        kept, preferred = dict(self.versions), dict[str, str]()
        while True:
            try:
                return resolve([line for lines in kept.values() for line in lines], preferred)
            except Unsatisfiable as error:
                if kept:
                    excluded = _excluded(error.output, kept) or kept.keys()
                    preferred |= {name: self.pins[name] for name in excluded if name in self.pins}
                    kept = {name: kept[name] for name in kept if name not in excluded}
                elif preferred:
                    preferred = {}
                else:
                    raise

    def with_hashes(self, name: str, packages: Mapping[Target, Package]) -> dict[Target, Package]:
        """Return the packages of a name with the files that the lock accepts.

        Another version than the locked one has no hashes. Raise WorkFailed if no file is accepted.
        """
        hashes = self.hashes.get(name)
        pinned = {
            target: each
            for target, each in packages.items()
            if same_version(each.version, self.pins.get(name, ""))
        }
        if not hashes or not pinned:
            return dict(packages)
        try:
            return {**packages, **with_hashes(pinned, hashes)}
        except WorkFailed:
            raise WorkFailed(
                f"{name} {self.pins[name]}",
                "no file of the index that fits has a hash of the lock",
                f"{retry_command()} --relax {name}  # if the index is right: takes another file",
            ) from None


def _excluded(output: str, names: Mapping[str, object]) -> set[str]:
    """Return the packages whose locked version is the cause, as uv explains it."""
    derivation = Derivation.of(output)
    return set(derivation.unusable & names.keys() or derivation.mentioned & names.keys())
