"""The versions that a resolution prefers: those in the locks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.filename import parse_filename
from vendor_fetch.project.locks import Lock, files_for_target, vendored_names
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.shared_versions import Pins


@dataclass(frozen=True, kw_only=True)
class Fix:
    """The version to take instead of the `affected` ones, which have a known vulnerability."""

    version: str
    affected: frozenset[str]


class Preferences:
    """The locked versions of a project, before a command changes them.

    Those of `other_lock` count if `previous` does not have the package. If the lock is gone or can't
    be read, the names of the vendored files say which versions it had.
    """

    def __init__(
        self, project: VendorProject, previous: Lock, other_lock: Iterable[LockedFile]
    ) -> None:
        self._files = previous.files
        self._others = list(other_lock)
        self._vendored = {} if previous.files else _vendored_versions(project)

    def versions(self, target: Target) -> dict[str, str]:
        """Return the version of each package that a target prefers."""
        locked = _versions(files_for_target(self._files, target))
        return _versions(files_for_target(self._others, target)) | (locked or self._vendored)


def raised(pins: Pins, fixes: Mapping[str, Fix]) -> dict[str, str]:
    """Return the fixed versions of the packages that the pins have in an affected one."""
    return {name: fix.version for name, fix in fixes.items() if pins.get(name) in fix.affected}


def _vendored_versions(project: VendorProject) -> dict[str, str]:
    distributions = map(parse_filename, sorted(vendored_names(project.vendored)))
    return {distribution.name: distribution.version for distribution in distributions}


def _versions(files: Iterable[LockedFile]) -> dict[str, str]:
    return {file.distribution.name: file.distribution.version for file in files}
