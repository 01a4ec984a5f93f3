"""A tool that pushes a site to a target, and rolls it back there."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import Contender
from benchmarks.deploy.site import CHANGED, Site

TOUCHED = "apache/django.wsgi"


@dataclass(frozen=True, kw_only=True)
class Pusher(Contender):
    """Brings the newest commit of `site` to `target`, where an earlier release may be.

    `disconnect` ends a connection that would stay for the next push.
    """

    site: Site
    target: Path
    disconnect: Sequence[str | Path] = ()

    def prepare(self) -> None:
        """There is something new to push."""
        self.site.commit()
        super().prepare()

    def check(self) -> None:
        """The commit is tagged in the repository and live on the target, and was touched there."""
        if self.disconnect:
            subprocess.run(self.disconnect, stderr=subprocess.DEVNULL, check=False)
        tags = subprocess.run(
            ["git", "tag", "--points-at", "main"],
            cwd=self.site.repository,
            capture_output=True,
            check=True,
        ).stdout
        if not tags or self.live() != self.site.content:
            sys.exit(f"{self.title}: has not tagged and pushed the newest commit")

    def live(self) -> str:
        """What the current release has in CHANGED; it must have been touched since the switch."""
        current = self.target / "current"
        touched, switched = (current / TOUCHED).stat(), current.lstat()
        if touched.st_mtime_ns < switched.st_mtime_ns:
            sys.exit(f"{self.title}: has not touched {TOUCHED}")
        return (current / CHANGED).read_text()


@dataclass(frozen=True, kw_only=True)
class Rollback(Contender):
    """Takes back what `pusher` has just pushed."""

    pusher: Pusher

    def prepare(self) -> None:
        """There is something to take back."""
        self.pusher.prepare()
        self.pusher.run()
        self.pusher.check()
        os.sync()

    def check(self) -> None:
        """Another release is live."""
        if self.pusher.live() == self.pusher.site.content:
            sys.exit(f"{self.title}: has not rolled back")
