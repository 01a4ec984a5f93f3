"""What stands on a target, as its agent tells it."""

import json
import os
from dataclasses import dataclass, field

from bootstrapper.deploy.target.holder import Closed, Holder


@dataclass(kw_only=True)
class TargetState:
    """`current` is the name of the release that is live, or empty.

    `log` is the end of its pushes.log, a record (JSON) a line, oldest first; the first may be torn.
    `holder` is who pushes to it now; to the one that holds the lock itself nobody does.
    """

    current: str = ""
    releases: list[str] = field(default_factory=list)
    log: list[bytes] = field(default_factory=list)
    closed: Closed | None = None
    holder: Holder | None = None

    @property
    def records(self) -> list[dict[str, object]]:
        """The lines of `log` that are whole records."""
        found = []
        for line in self.log:
            try:
                read = json.loads(line)
            except ValueError:
                continue
            if isinstance(read, dict):
                found.append(read)
        return found

    def learn(self, key: str, value: bytes) -> None:
        """Take in one message of the agent's."""
        match key:
            case "current":
                self.current = os.path.basename(os.fsdecode(value))
            case "release":
                self.releases.append(os.fsdecode(value))
            case "log":
                self.log.append(value)
            case "closed":
                self.closed = Closed.from_json(value)
            case "held":
                self.holder = Holder.from_json(value)
