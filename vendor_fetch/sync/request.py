"""What a command asks of a sync, and what the sync has done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from vendor_fetch.sync.adopted_lock import AdoptedLock
from vendor_fetch.sync.changes import Change
from vendor_fetch.sync.pins import Fix


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a command changes besides what apps.in says.

    The locked versions of the `free` packages do not count, or with `upgrade_all` those of none. The
    `fixes` by package are taken however young they are. `edits` are the new contents of apps.in
    and of other files that people write, `programs` those of them that can be run, and `files` the
    project's own files to vendor, by name. `adopted` has the versions and hashes of another
    program's lock. `named` are the packages that the user asks for in this command, and `introduced`
    those of them that no lock has. With `dry_run`, sync changes nothing. With `strict`, it changes
    nothing if a publisher is not the one of the locked version.
    """

    free: frozenset[str] = frozenset()
    upgrade_all: bool = False
    fixes: Mapping[str, Fix] = field(default_factory=dict)
    edits: Mapping[PurePosixPath, bytes] = field(default_factory=dict)
    programs: frozenset[PurePosixPath] = frozenset()
    files: Mapping[str, bytes] = field(default_factory=dict)
    adopted: AdoptedLock = field(default_factory=AdoptedLock)
    named: frozenset[str] = frozenset()
    introduced: frozenset[str] = frozenset()
    dry_run: bool = False
    strict: bool = False

    @property
    def changes(self) -> bool:
        """Whether a project that is in sync may change."""
        return bool(self.free or self.upgrade_all or self.fixes or self.edits or self.files)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a sync has changed, or would change.

    `first_uploads` are the times of the first release of the introduced packages; None if the index
    does not give it. `total` is the number of the vendored files and their size in bytes.
    `differences` are left for the user to resolve, with the `next_step`.
    """

    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    first_uploads: Mapping[str, datetime | None] = field(default_factory=dict)
    total: tuple[int, int] = (0, 0)
    dry_run: bool = False
    differences: tuple[str, ...] = ()
    next_step: str = ""
