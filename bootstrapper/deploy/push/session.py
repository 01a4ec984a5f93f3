"""Hold a deployment for a push: its locks, here and on the hosts, and the connections."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from bootstrapper.deploy.definition.deployment import Deployment
from bootstrapper.deploy.events.times import PushClock, iso_now
from bootstrapper.deploy.machine.account import Account
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
    `hosts` waits for the hosts and their locks. `inherited` is what git gets of this process's
    environment, with the push's own ssh first in PATH, and `stage_environment` what stages get, which
    run as `account`; `scratch` is a temporary directory. The times of events are those of `clock`.
    """

    def __init__(
        self,
        project: Path,
        deployment: Deployment,
        *,
        who: str = "",
        clock: PushClock | None = None,
        account: Account | None = None,
    ) -> None:
        self.account = account or Account()
        self.project = project
        self.deployment = deployment
        self.clock = clock or PushClock()
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
        """Raise Locked if another push runs from here, or the deployment is locked."""
        with ExitStack() as stack:
            self._lock = stack.enter_context(PushLock(self.project, self.holder))
            if info := FileDeploymentLock(self.project, self.deployment.name).lock_info:
                raise info.refusal(self.deployment.name)
            settings = self.deployment.environment
            config = settings.get("SSH_CONFIG")
            stack.enter_context(self.account.admitted(self.project))
            ssh = stack.enter_context(Ssh(self.project / config if config else None, self.account))
            self.scratch = ssh.directory
            own = {name: os.environ[name] for name in INHERITED if name in os.environ}
            self.inherited: Mapping[str, str] = own | ssh.environment(own)
            self.stage_environment = self.account.environment(self.inherited)
            self._hosts = RemoteHosts(
                ssh, self.deployment.hosts, settings.get("REMOTE_DIRECTORY", ""), self.holder
            )
            stack.callback(self._hosts.end)
            self._hosts.start()
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
    def hosts(self) -> RemoteHosts:
        """The hosts, their locks taken. Raise Locked, or WorkFailed if they can't be reached."""
        if not self._ready:
            self._hosts.wait()
            self._hosts.refuse_if_locked(self.deployment.name)
            self._ready = True
        return self._hosts

    def hold(self, number: int, record: Mapping[str, object]) -> None:
        """Name the push that holds the locks, here and on the hosts, and record its beginning."""
        self.holder = replace(self.holder, push=str(number))
        self._lock.set_holder(self.holder)
        self.hosts.begin(self.holder, record)

    def lost(self) -> str:
        """Return why a host's lock is lost, or nothing."""
        return self._hosts.lost() if self._ready else ""

    def tick(self) -> None:
        """Send a heartbeat to the hosts. Called ten times a second."""
        if self._ready:
            self._hosts.beat()


@contextmanager
def open_deployment_lock(project: Path, deployment: Deployment) -> Iterator[DeploymentLock]:
    """Yield the deployment's lock: on all of its hosts, or in the project without a host."""
    directory = deployment.environment.get("REMOTE_DIRECTORY", "")
    if not (directory and deployment.hosts):
        yield FileDeploymentLock(project, deployment.name)
        return
    config = deployment.environment.get("SSH_CONFIG")
    with (
        Ssh(project / config if config else None) as ssh,
        RemoteHosts(ssh, deployment.hosts, directory) as hosts,
    ):
        yield hosts
