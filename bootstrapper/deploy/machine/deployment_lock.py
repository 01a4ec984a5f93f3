"""The lock that a user puts on a deployment against all pushes: on its hosts, or in a file."""

import os
from pathlib import Path
from typing import Protocol

from bootstrapper.deploy.machine.directory import deploy_directory
from bootstrapper.deploy.machine.holder import LockInfo
from bootstrapper.deploy.machine.push_lock import LOCKS


class DeploymentLock(Protocol):
    """Locks a deployment, so that it takes no pushes. A push that already runs continues."""

    @property
    def lock_info(self) -> LockInfo | None:
        """The user who locked it, and the reason; None if it is not locked."""

    def lock(self, info: LockInfo) -> None:
        """Lock the deployment until `unlock`."""

    def unlock(self) -> None:
        """Unlock the deployment; no error if it was not locked."""


class FileDeploymentLock:
    """The lock of a deployment without a directory on a host: a file in the project."""

    def __init__(self, project: Path, deployment: str) -> None:
        self._project = project
        self._name = f"{deployment}.closed"

    @property
    def lock_info(self) -> LockInfo | None:
        """The user who locked it, and the reason; None if it is not locked."""
        try:
            return LockInfo.from_json((self._project / ".deploy" / LOCKS / self._name).read_bytes())
        except FileNotFoundError:
            return None

    def lock(self, info: LockInfo) -> None:
        """Lock the deployment until `unlock`."""
        path = deploy_directory(self._project, LOCKS) / self._name
        new = path.with_name(f"{path.name}.{os.getpid()}")
        new.write_text(f"{info.to_json()}\n")
        new.replace(path)

    def unlock(self) -> None:
        """Unlock the deployment; no error if it was not locked."""
        (self._project / ".deploy" / LOCKS / self._name).unlink(missing_ok=True)
