"""Hold a deployment for a push: its locks, here and on the hosts, and the connections."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from bootstrapper.deploy.definition.deployment import Deployment
from bootstrapper.deploy.events.times import iso_now
from bootstrapper.deploy.machine.deployment_lock import DeploymentLock, FileDeploymentLock
from bootstrapper.deploy.machine.directory import machine_name, user_name
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.machine.push_lock import PushLock
from bootstrapper.deploy.plan.environment import INHERITED
from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import Ssh


class Session:
    """A context manager that holds the locks of a deployment.

    Entering takes the lock on this machine and starts to log in to the hosts; the first access of
    `targets` waits for the hosts and their locks. `inherited` is what stages get of this process's
    environment, with the push's own ssh first in PATH; `scratch` is a temporary directory.
    """

    def __init__(self, project: Path, deployment: Deployment, *, who: str = "") -> None:
        self.project = project
        self.deployment = deployment
        self._stack = ExitStack()
        self._ready = False
        self.holder = PushHolder(
            who=who or user_name(),
            machine=machine_name(),
            since=iso_now(),
            deployment=self.deployment.name,
            pid=os.getpid(),
        )

    def __enter__(self) -> Self:
        """Raise Locked where somebody else pushes from here, or the deployment is closed."""
        with ExitStack() as stack:
            self._lock = stack.enter_context(PushLock(self.project, self.holder))
            if closed := FileDeploymentLock(self.project, self.deployment.name).closed:
                raise closed.refusal(self.deployment.name)
            settings = self.deployment.environment
            config = settings.get("SSH_CONFIG")
            ssh = stack.enter_context(Ssh(self.project / config if config else None))
            self.scratch = ssh.directory
            own = {name: os.environ[name] for name in INHERITED if name in os.environ}
            self.inherited: Mapping[str, str] = own | ssh.environment(own)
            self._targets = RemoteHosts(
                ssh, self.deployment.hosts, settings.get("REMOTE_DIRECTORY", ""), self.holder
            )
            stack.callback(self._targets.end)
            self._targets.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def targets(self) -> RemoteHosts:
        """The targets, their locks taken. Raise Locked, or WorkFailed if they can't be reached."""
        if not self._ready:
            self._targets.wait()
            self._targets.refuse_if_closed(self.deployment.name)
            self._ready = True
        return self._targets

    def hold(self, number: int, record: Mapping[str, object]) -> None:
        """Tell everybody who looks which push it is that holds the locks, and of its beginning."""
        self.holder = replace(self.holder, push=str(number))
        self._lock.set_holder(self.holder)
        self.targets.begin(self.holder, record)

    def lost(self) -> str:
        """Return why a host's lock is lost, or nothing."""
        return self._targets.lost() if self._ready else ""

    def tick(self) -> None:
        """Tell the targets that we live; to be called ten times a second."""
        if self._ready:
            self._targets.beat()


@contextmanager
def open_deployment_lock(project: Path, deployment: Deployment) -> Iterator[DeploymentLock]:
    """Return the deployment's door, on all of its hosts where it has a directory there."""
    directory = deployment.environment.get("REMOTE_DIRECTORY", "")
    if not (directory and deployment.hosts):
        yield FileDeploymentLock(project, deployment.name)
        return
    config = deployment.environment.get("SSH_CONFIG")
    with (
        Ssh(project / config if config else None) as ssh,
        RemoteHosts(ssh, deployment.hosts, directory) as targets,
    ):
        yield targets
