"""How long the runs of uv in one command may use the project pages that an earlier run has cached."""

import time
from collections.abc import Collection
from pathlib import Path

# Long enough for all targets of a command. After that, uv asks whether a page has changed.
SECONDS = 60


class PageCache:
    """The age of cached pages in one command.

    With several targets, uv asks the index once for a page, and not once for each target. A command
    that begins soon after such a command asks for the pages again: it must see a new release.

    `directory` is the cache of vendor_fetch. `leaders` are the targets that ask first; together they
    need the pages of all. `shared` is whether there are others.
    """

    def __init__(self, directory: Path, leaders: Collection[object], *, shared: bool) -> None:
        self._last_use = directory / "pages-cached"
        self._leaders = leaders
        self._recent = self._age() < SECONDS
        self.seconds = SECONDS if shared and not self._recent else 0
        """The age until which uv may use a page, whatever the index says; 0 leaves that to it."""

    def must_refresh(self, target: object) -> bool:
        """Return whether the run for a target must not use the pages of earlier commands."""
        return self._recent and target in self._leaders

    def begin(self) -> None:
        """Note that a run of uv caches pages for that long."""
        self._last_use.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._last_use.touch()

    def _age(self) -> float:
        try:
            return abs(time.time() - self._last_use.stat().st_mtime)
        except OSError:
            return float("inf")
