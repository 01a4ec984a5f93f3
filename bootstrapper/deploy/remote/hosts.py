"""All hosts of a deployment: connected at the same time, locked and released together."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from bootstrapper.deploy.machine.holder import LockInfo, PushHolder
from bootstrapper.deploy.remote.agent import wait
from bootstrapper.deploy.remote.host import HostState, RemoteHost
from bootstrapper.deploy.remote.ssh import Ssh
from bootstrapper.errors import BootstrapperError, InputError, Locked, WorkFailed
from bootstrapper.program import PROGRAM

CLOSE_WITHIN = 2.0


class RemoteHosts:
    """A context manager that holds the hosts of a push and their locks.

    Without `holder` it takes no locks, to read the hosts and to lock or unlock a deployment. One error
    names all hosts that fail, and then none is held. Stages use the same connections.
    """

    def __init__(
        self, ssh: Ssh, hosts: Sequence[str], directory: str, holder: PushHolder | None = None
    ) -> None:
        if directory.startswith("~") or "\n" in directory:
            raise InputError(
                f"REMOTE_DIRECTORY = {directory!r}",
                "is taken as it is written: no ~ and no line break",
                "${EDITOR:-vi} deploy/deployments.toml  # begin it with /, or with a directory of "
                "the home directory",
            )
        self._ssh, self._hosts, self._directory, self._holder = ssh, hosts, directory, holder
        self._by_name: dict[str, RemoteHost] = {}

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def start(self) -> None:
        """Begin to log in to the hosts; `wait` is to follow, and `end`, whatever happens."""
        for host in self._hosts:
            self._by_name[host] = RemoteHost(self._ssh, host, self._directory, self._holder)

    def wait(self) -> None:
        """Wait until all hosts have answered. Raise Locked, or WorkFailed, which names all that failed."""
        failures: dict[str, BootstrapperError] = {}
        opening = dict(self._by_name)
        while opening:
            for host, remote in list(opening.items()):
                try:
                    done = remote.opened()
                except BootstrapperError as failure:
                    failures[host], done = failure, True
                if done:
                    del opening[host]
            wait([remote.agent for remote in opening.values()], 0.5 if opening else 0)
        self._raise(failures)

    def __iter__(self) -> Iterator[RemoteHost]:
        return iter(self._by_name.values())

    @property
    def states(self) -> dict[str, HostState]:
        """By host, as they were when it was entered; the first is REMOTE_HOST's."""
        return {host: remote.state for host, remote in self._by_name.items()}

    @property
    def lock_info(self) -> LockInfo | None:
        """The user who locked the deployment on one of its hosts, and the reason."""
        return next((state.lock_info for state in self.states.values() if state.lock_info), None)

    def refuse_if_locked(self, deployment: str) -> None:
        """Raise Locked if the deployment is locked on one of its hosts."""
        if self.lock_info:
            raise self.lock_info.refusal(deployment)

    def beat(self) -> None:
        """Send heartbeats to all hosts. Called every 0.1 s; it never waits."""
        for remote in self:
            remote.beat()

    def lost(self) -> str:
        """Return why a host can't be relied on any more, or nothing. Never waits."""
        return next((gone for remote in self if (gone := remote.lost())), "")

    def append(self, record: Mapping[str, object]) -> None:
        """Add a line to the pushes.log of each, on their disks when this returns."""
        self._ask("append", json.dumps(record))

    def begin(self, holder: PushHolder, record: Mapping[str, object]) -> None:
        """Send the number of the push, and the first line of its record."""
        self._ask("begin", f"{holder.to_json()}\t{json.dumps(record)}")

    def stop(self) -> None:
        """End the commands of stages that still run on the hosts after their ssh here has ended."""
        self._ask("stop")

    def lock(self, info: LockInfo) -> None:
        """Lock the deployment until `unlock`; a push that runs continues."""
        self._ask("lock-deployment", info.to_json())

    def unlock(self) -> None:
        """Unlock the deployment; no error if it was not locked."""
        self._ask("unlock-deployment")

    def current(self) -> dict[str, str]:
        """Return the name of the live release, by host."""
        return {host: value.rpartition("/")[2] for host, value in self._ask("current").items()}

    def _ask(self, command: str, argument: str = "") -> dict[str, str]:
        answers: dict[str, str] = {}
        failures: dict[str, BootstrapperError] = {}
        if not self._directory:
            return answers
        for remote in self:
            remote.ask(command, argument)
        for host, remote in self._by_name.items():
            try:
                answers[host] = remote.answer()
            except BootstrapperError as failure:
                failures[host] = failure
        self._raise(failures)
        return answers

    def _raise(self, failures: Mapping[str, BootstrapperError]) -> None:
        """Raise what failed, that of several hosts as one."""
        if not failures:
            return
        first, *others = failures.values()
        if not others:
            raise first
        kind = Locked if all(isinstance(one, Locked) for one in failures.values()) else WorkFailed
        raise kind.listing(
            f"{len(failures)} of {len(self._hosts)} hosts",
            "can't be pushed to",
            f"{PROGRAM} status {self._holder.deployment if self._holder else ''}".rstrip(),
            failures.values(),
        )

    def end(self) -> None:
        """Close all connections."""
        for remote in self:
            remote.agent.end()
        end = time.monotonic() + CLOSE_WITHIN
        for remote in self:
            remote.agent.end_within(end - time.monotonic())


def read_host_state(ssh: Ssh, host: str, directory: str) -> HostState:
    """Return the state of one host, without its lock. Raise WorkFailed if it can't be reached."""
    with RemoteHosts(ssh, [host], directory) as hosts:
        return hosts.states[host]
