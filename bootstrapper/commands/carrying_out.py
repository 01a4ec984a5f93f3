"""A plan carried out while somebody watches, and what they are told at its end."""

import argparse
from collections.abc import Iterable, Mapping

from bootstrapper.commands.attended import Attended
from bootstrapper.commands.waiting import host_names
from bootstrapper.deploy.console import Console
from bootstrapper.deploy.event import State
from bootstrapper.deploy.execution import Result
from bootstrapper.deploy.fleet import rolls
from bootstrapper.deploy.holder import PROGRAM
from bootstrapper.deploy.journal import Journal
from bootstrapper.deploy.ledger import Ledger
from bootstrapper.deploy.plan import Plan
from bootstrapper.deploy.preparation import Preparation
from bootstrapper.deploy.push import Push
from bootstrapper.deploy.record import Record
from bootstrapper.deploy.rollback import live_push, plan_back
from bootstrapper.deploy.session import Session
from bootstrapper.deploy.snapshot import template
from bootstrapper.errors import BootstrapperError

INTERRUPTED = 130
FEW = 3  # hosts, which are named one by one


class Carrying:
    """One command's push, and the rollback that may follow it, in a session of its own."""

    def __init__(self, options: argparse.Namespace, session: Session, ledger: Ledger,
                 preparation: Preparation) -> None:
        self._options = options
        self._session = session
        self._ledger = ledger
        self._preparation = preparation
        self._name = preparation.deployment.name

    def console(self, plan: Plan) -> Console:
        """Where the push is shown."""
        return Console(
            stages=[stage.name for stage in plan.stages], verbosity=self._options.verbosity,
            hosts=len(plan.hosts) if any(rolls(stage, plan.hosts) for stage in plan.stages) else 0)

    def start(self, plan: Plan, console: Console) -> int:
        """A new push; returns the exit status."""
        plan, journal = self._ledger.begin(plan)
        console.say(f"{self._name}: push {plan.id}" + (f", {plan.ref}" if plan.ref else "")
                    + (f" {plan.commit[:7]}" if plan.commit else ""))
        return self.go(plan, journal, console)

    def go(self, plan: Plan, journal: Journal, console: Console, *,
           done: Iterable[tuple[int, str]] = (), outputs: Mapping[str, str] | None = None,
           resumed: bool = False) -> int:
        """A push whose journal is open; returns the exit status."""
        with Attended(self._session, console, step=self._options.step) as attended:
            push = Push(plan, journal, attended)
            result = push.run(done=done, outputs=outputs, resumed=resumed)
            unheard = self._ledger.end(push.record)
            interrupted = attended.interrupted
        if unheard:
            console.say(f"the target's pushes.log doesn't tell of it: {unheard}")
        if result.state is State.SUCCEEDED:
            self._tell_success(plan, push.record, console)
            return 0
        console.say(f"push {plan.id} {result.state}: {result.reason}")
        if self._falls_back(plan, result):
            self._fall_back(plan, result, console)
        else:
            self._tell_failure(plan, result, console)
        return INTERRUPTED if interrupted and result.state is State.CANCELLED else 1

    def _falls_back(self, plan: Plan, result: Result) -> bool:
        """A batch that fails is never left half switched; one host, if the deployment says so."""
        return (result.state is State.FAILED and bool(result.switched)
                and plan.rollback_to is None and not self._session.lost()
                and (plan.on_failure == "rollback" or any(result.switched)))

    def _fall_back(self, plan: Plan, result: Result, console: Console) -> None:
        before = live_push([record for record in self._ledger.records if record.id != plan.id],
                           self._ledger.current())
        if before is None:
            console.say(f"there is no push before it to roll back to\n"
                        f"  next: {PROGRAM} log {self._name} {plan.id}")
            return
        releases = {host: release for host in result.switched
                    if host and (release := self._ledger.current(host)) is not None}
        fast = bool(releases) or self._ledger.current() is not None
        self._session.targets.stop()  # what the failed stage may still run there
        console.say(f"rolling back to push {before.id}"
                    + (f" on {_listed(tuple(releases))}" if releases else ""))
        try:
            back = plan_back(
                template(self._preparation, before, keep_settings=False), before, undone=plan.id,
                fast=fast, releases=releases, comment=f"push {plan.id} failed after the switch")
        except BootstrapperError as error:
            console.say(str(error))
            return
        self.start(back, self.console(back))

    def _tell_success(self, plan: Plan, record: Record, console: Console) -> None:
        hosts = f" on {_listed(plan.hosts)}" if plan.hosts else ""
        what = f"push {plan.id}"
        if plan.rollback_to is not None:
            what = f"push {plan.rollback_to} again"
        console.say(f"{self._name} serves {what}"
                    + (f" ({record.commit[:7]})" if record.commit else "") + hosts
                    + (f", {record.reason}" if record.reason else ""))
        if plan.rollback_to is None:
            console.say(f"  next: {PROGRAM} rollback {self._name} takes it back")

    def _tell_failure(self, plan: Plan, result: Result, console: Console) -> None:
        if result.switched:
            stands = f"{self._name} serves push {plan.id} as far as it came"
            step = f"{PROGRAM} rollback {self._name}"
        else:
            stands = f"{self._name} is as it was before"
            step = f"mend it and push again, or go on from there: {PROGRAM} resume {self._name}"
        console.say(f"{stands}\n  next: {step}\n        {PROGRAM} log {self._name} {plan.id} "
                    "shows all that was said")


def _listed(hosts: tuple[str, ...]) -> str:
    return host_names(hosts) if len(hosts) <= FEW else f"{len(hosts)} hosts"
