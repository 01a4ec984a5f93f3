"""The lock that closes a deployment to pushes: on its hosts, or in a file of the project."""

import os
from pathlib import Path
from typing import Protocol

from bootstrapper.deploy.machine.directory import deploy_directory
from bootstrapper.deploy.machine.holder import LockInfo
from bootstrapper.deploy.machine.push_lock import LOCKS


class DeploymentLock(Protocol):
    """Closes a deployment to pushes and opens it. A push that already runs continues."""

    @property
    def closed(self) -> LockInfo | None:
        """Who closed it, and why; None if it is open."""

    def close(self, closed: LockInfo) -> None:
        """Close it until it is opened."""

    def open(self) -> None:
        """Let pushes in again."""


class FileDeploymentLock:
    """The lock of a deployment without a directory on a host: a file in the project."""

    def __init__(self, project: Path, deployment: str) -> None:
        self._project = project
        self._name = f"{deployment}.closed"

    @property
    def closed(self) -> LockInfo | None:
        """Who closed it, and why; None if it is open."""
        try:
            return LockInfo.from_json((self._project / ".deploy" / LOCKS / self._name).read_bytes())
        except FileNotFoundError:
            return None

    def close(self, closed: LockInfo) -> None:
        """Close it by one rename."""
        path = deploy_directory(self._project, LOCKS) / self._name
        new = path.with_name(f"{path.name}.{os.getpid()}")
        new.write_text(f"{closed.to_json()}\n")
        new.replace(path)

    def open(self) -> None:
        """Let pushes in again."""
        (self._project / ".deploy" / LOCKS / self._name).unlink(missing_ok=True)
