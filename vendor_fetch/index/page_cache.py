"""How long the runs of uv in one command may use the project pages that an earlier run has cached."""

import time
from pathlib import Path

# Long enough for all targets of a command. After that, uv asks whether a page has changed.
SECONDS = 30


class PageCache:
    """The age of cached pages in one command.

    With several targets, uv asks the index once for a page, and not once for each target. A command
    that begins soon after such a command asks for all pages again: it must see a new release.
    """

    def __init__(self, directory: Path, targets: int) -> None:
        self._last_use = directory / "pages-cached"
        self.refresh = self._age() < SECONDS
        """Whether uv must not use any cached page."""
        self.seconds = SECONDS if targets > 1 and not self.refresh else 0
        """The age until which uv may use a page, whatever the index says; 0 leaves that to it."""

    def begin(self) -> None:
        """Note that a run of uv caches pages for that long."""
        if self.seconds:
            self._last_use.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._last_use.touch()

    def _age(self) -> float:
        try:
            return abs(time.time() - self._last_use.stat().st_mtime)
        except OSError:
            return float("inf")
