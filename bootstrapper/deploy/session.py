"""A deployment held for a push: its locks here and on the targets, its connections, its history."""

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from importlib.resources import files
from types import TracebackType
from typing import Self

from bootstrapper.deploy import journals
from bootstrapper.deploy.closing import OwnDoor
from bootstrapper.deploy.environment import INHERITED
from bootstrapper.deploy.event import State
from bootstrapper.deploy.holder import Holder, machine, now
from bootstrapper.deploy.journal import Journal
from bootstrapper.deploy.plan import Plan
from bootstrapper.deploy.preparation import Preparation, user
from bootstrapper.deploy.push import code_files, new_record
from bootstrapper.deploy.push_lock import PushLock, holder
from bootstrapper.deploy.record import Record
from bootstrapper.deploy.ssh import Ssh
from bootstrapper.deploy.targets import Targets
from bootstrapper.errors import BootstrapperError


class Session:
    """Entered, it holds the deployment: nobody else can push it, from here or from elsewhere.

    `inherited` is what stages get of this process's environment, PATH led by the push's own ssh;
    `scratch` is a directory that goes when it ends.
    """

    def __init__(self, preparation: Preparation) -> None:
        self._project = preparation.project
        self._deployment = preparation.deployment
        self._stack = ExitStack()
        self._holder = Holder(who=user(), machine=machine(), since=now(),
                              deployment=self._deployment.name, pid=os.getpid())

    def __enter__(self) -> Self:
        """Raises Locked where somebody else pushes or the deployment is closed, else WorkFailed."""
        with ExitStack() as stack:
            self._lock = stack.enter_context(PushLock(self._project, self._holder))
            if closed := OwnDoor(self._project, self._deployment.name).closed:
                raise closed.refusal(self._deployment.name)
            journals.sweep(self._project, self._running)
            settings = self._deployment.settings
            config = settings.get("SSH_CONFIG")
            ssh = stack.enter_context(Ssh(self._project / str(config) if config else None))
            self.scratch = ssh.directory
            own = {name: os.environ[name] for name in INHERITED if name in os.environ}
            self.inherited: Mapping[str, str] = own | ssh.environment(own)
            self._targets = stack.enter_context(Targets(
                ssh, self._deployment.hosts, str(settings.get("REMOTE_DIRECTORY", "")),
                self._holder))
            self._targets.refuse_if_closed(self._deployment.name)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stack.close()

    @property
    def records(self) -> list[Record]:
        """The deployment's pushes, newest first: from here, and what the targets know of others."""
        here = {record.id: record for record in journals.pushes(
            self._project, self._running, self._deployment.name)}
        there: dict[int, Record] = {}
        for state in self._targets.states.values():
            for line in state.records:
                try:
                    record = Record.from_json(line)
                except ValueError:  # another version's, or somebody else's line
                    continue
                there[record.id] = record.lost()  # we hold the lock, so nobody runs it
        return sorted((there | here).values(), key=lambda record: record.id, reverse=True)

    def current(self, host: str = "") -> int | None:
        """The release that was live on the host (the first, if empty) when we came: its push."""
        for name, state in self._targets.states.items():
            if host in ("", name):
                return int(state.current) if state.current.isdecimal() else None
        return None

    def has_release(self, number: int) -> bool:
        """Whether that release stands on every host."""
        states = self._targets.states.values()
        return bool(states) and all(str(number) in state.releases for state in states)

    def begin(self, plan: Plan) -> tuple[Plan, Journal]:
        """Give the push the next number and begin its journal, here and on the targets."""
        number = self._next_number()
        while True:
            release = number if plan.release == plan.id else plan.release
            plan = replace(plan, id=number, release=release)
            try:
                journal = Journal.create(self._project, number, plan.snapshot(),
                                         code_files(plan, _python_stage()))
            except FileExistsError:  # another deployment of this project has just begun a push
                number += 1
            else:
                break
        self.hold(plan)
        return plan, journal

    def hold(self, plan: Plan) -> None:
        """Tell everybody who looks which push it is that holds the locks."""
        self._holder = replace(self._holder, push=str(plan.id))
        self._lock.set_holder(self._holder)
        self._targets.set_holder(self._holder)
        begun = replace(new_record(plan), state=State.RUNNING, started=time.time())
        self._targets.append(begun.to_json())

    def end(self, record: Record) -> str:
        """Tell the targets how the push ended; why that can't be, in words, else nothing."""
        try:
            self._targets.append(record.to_json())
        except BootstrapperError as error:
            return str(error)
        return ""

    def lost(self) -> str:
        """Why a target's lock is no longer ours, or nothing."""
        return self._targets.lost()

    def tick(self) -> None:
        """Tell the targets that we live; to be called ten times a second."""
        self._targets.beat()

    def _next_number(self) -> int:
        numbers = [journals.last_id(self._project)]
        for state in self._targets.states.values():
            numbers += [int(name) for name in state.releases if name.isdecimal()]
            numbers += [number for line in state.records
                        if isinstance(number := line.get("id"), int)]
        return 1 + max(numbers)

    def _running(self, deployment: str) -> int | None:
        if deployment == self._deployment.name:
            return int(self._holder.push) if self._holder.push else None
        other = holder(self._project, deployment)
        return int(other.push or 0) if other else None


def _python_stage() -> str:
    return files("bootstrapper.deploy").joinpath("python_stage.py").read_text(encoding="utf-8")


