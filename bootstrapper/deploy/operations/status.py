"""Read the status of a deployment: its pushes, its locks, its live release."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bootstrapper.deploy.definition.deployment import Deployment
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.journal import store
from bootstrapper.deploy.machine.deployment_lock import FileDeploymentLock
from bootstrapper.deploy.machine.holder import LockInfo, PushHolder
from bootstrapper.deploy.machine.push_lock import current_holder
from bootstrapper.deploy.plan.rollback import live_push, release_served
from bootstrapper.deploy.push.register import merge_records
from bootstrapper.deploy.remote.host import HostState
from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import Ssh
from bootstrapper.errors import BootstrapperError


@dataclass(frozen=True, kw_only=True)
class DeploymentStatus:
    """What is known of a deployment: `records` are newest first, `states` are those of its hosts.

    `states` is empty if the deployment has no host, and if a host did not answer; `unreachable` is the
    error of the latter.
    """

    records: list[Record]
    here: PushHolder | None
    lock_info: LockInfo | None
    states: Mapping[str, HostState] = field(default_factory=dict)
    unreachable: BootstrapperError | None = None

    @property
    def current(self) -> int | None:
        """The number of the release that the hosts serve: the latest, if they differ."""
        return release_served(
            self.records,
            {
                host: int(state.current)
                for host, state in self.states.items()
                if state.current.isdecimal()
            },
        )

    @property
    def serving(self) -> Record | None:
        """The push whose code is live, None if that is unknown."""
        return live_push(self.records, self.current)

    @property
    def switch(self) -> Record | None:
        """The push that made it live: that one, or a rollback to it."""
        live = self.serving
        return live and next(
            (
                record
                for record in self.records
                if record.state == "succeeded" and live.id in (record.id, record.rollback_to)
            ),
            live,
        )

    @property
    def holder(self) -> PushHolder | None:
        """The user who pushes now, from here or from elsewhere."""
        return self.here or next(
            filter(None, (state.holder for state in self.states.values())), None
        )


def read_status(
    project: Path, deployment: Deployment, *, every_host: bool = False, local: bool = False
) -> DeploymentStatus:
    """Look at a deployment without holding it; its first target is asked, unless `local`.

    A host that can't be reached is no error: the status then has what this machine knows.
    """
    states: Mapping[str, HostState] = {}
    unreachable = None
    directory = deployment.environment.get("REMOTE_DIRECTORY", "")
    if directory and deployment.hosts and not local:
        config = deployment.environment.get("SSH_CONFIG")
        hosts = deployment.hosts if every_host else deployment.hosts[:1]
        try:
            with (
                Ssh(project / config if config else None) as ssh,
                RemoteHosts(ssh, hosts, directory) as opened,
            ):
                states = opened.states
        except BootstrapperError as error:
            unreachable = error
    here = current_holder(project, deployment.name)
    theirs = [line for state in states.values() for line in state.records]
    at_target = next(filter(None, (state.holder for state in states.values())), None)
    lock_info = next(
        filter(None, (state.lock_info for state in states.values())),
        FileDeploymentLock(project, deployment.name).lock_info,
    )
    return DeploymentStatus(
        records=merge_records(
            store.pushes(project, store.by_lock(project), deployment.name),
            theirs,
            held_by=int(at_target.push or 0) if at_target else None,
        ),
        here=here,
        lock_info=lock_info,
        states=states,
        unreachable=unreachable,
    )
