"""A plan carried out while somebody watches, and what they are told at its end."""

import argparse
from collections.abc import Iterable, Mapping, Sequence

from bootstrapper.commands.attended import Attended
from bootstrapper.commands.waiting import host_names
from bootstrapper.deploy.event import State
from bootstrapper.deploy.execution import Result
from bootstrapper.deploy.fleet import rolls
from bootstrapper.deploy.journal.journal import Journal
from bootstrapper.deploy.journal.record import Record
from bootstrapper.deploy.ledger import Ledger
from bootstrapper.deploy.plan import Plan
from bootstrapper.deploy.preparation import Preparation
from bootstrapper.deploy.push import Push
from bootstrapper.deploy.rollback import live_push, plan_back
from bootstrapper.deploy.screen.console import Console
from bootstrapper.deploy.session import Session
from bootstrapper.deploy.snapshot import template
from bootstrapper.deploy.target.holder import PROGRAM
from bootstrapper.errors import BootstrapperError, WorkFailed

INTERRUPTED = 130
FEW = 3  # hosts, which are named one by one
MOST_COMMITS = 10


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
            self._tell_success(plan, result, push.record, console)
            return 0
        console.say(f"push {plan.id} {result.state}: {result.reason}")
        switched = self._switched(result)
        if self._falls_back(plan, result, switched):
            self._fall_back(plan, switched, console)
        else:
            self._tell_failure(plan, switched, console)
        return INTERRUPTED if interrupted and result.state is State.CANCELLED else 1

    def _switched(self, result: Result) -> tuple[str, ...]:
        """Where the push may have changed what visitors see; the targets themselves are asked."""
        if not result.unsure:
            return result.switched
        try:
            now = self._session.targets.current()
        except BootstrapperError:  # the connection is lost: nobody knows
            now = {}
        first = next(iter(now), "")
        as_before = {host for host in result.unsure
                     if (was := self._ledger.current(host)) is not None
                     and now.get(host or first) == str(was)}
        return (*result.switched, *(host for host in result.unsure if host not in as_before))

    def _falls_back(self, plan: Plan, result: Result, switched: tuple[str, ...]) -> bool:
        """A batch that fails is never left half switched; one host, if the deployment says so."""
        return (result.state is State.FAILED and bool(switched)
                and plan.rollback_to is None and not self._session.lost()
                and (plan.on_failure == "rollback" or any(switched)))

    def _fall_back(self, plan: Plan, switched: tuple[str, ...], console: Console) -> None:
        was = {host: release for host in ("", *switched)
               if (release := self._ledger.current(host)) not in (None, plan.id)}
        before = live_push([record for record in self._ledger.records if record.id != plan.id],
                           was.get(""))
        if before is None:
            console.say(f"there is no push before it to roll back to\n"
                        f"  next: {PROGRAM} log {self._name} {plan.id}")
            return
        releases = {host: release for host in switched if host and (release := was.get(host))}
        try:
            base = template(self._preparation, before, keep_settings=False)
            fast = "" in was and base.switching() is not None
            if not fast and not before.rollback_url:
                raise WorkFailed(f"push {before.id}", "it can't be returned to: it kept no tag",
                                 f"{PROGRAM} deploy {self._name} --ref {before.commit or 'REF'}")
            back = plan_back(base, before, undone=plan.id, fast=fast, releases=releases,
                             comment=f"push {plan.id} failed after the switch")
            self._session.targets.stop()  # what the failed stage may still run there
        except BootstrapperError as error:
            console.say(str(error))
            return
        console.say(f"rolling back to push {before.id}"
                    + (f" on {_listed(tuple(releases))}" if releases else ""))
        self.start(back, self.console(back))

    def _tell_success(self, plan: Plan, result: Result, record: Record, console: Console) -> None:
        hosts = tuple(host for host in plan.hosts if host not in result.failed)
        what = f"push {plan.id}"
        if plan.rollback_to is not None:
            what = f"push {plan.rollback_to} again"
        console.say(f"{self._name} serves {what}"
                    + (f" ({record.commit[:7]})" if record.commit else "")
                    + (f" on {_listed(hosts)}" if hosts else ""))
        if result.failed:
            console.say(f"{_listed(result.failed)} failed and stays as it is: see there, and push "
                        "again")
        if plan.rollback_to is None:
            console.say(f"  next: {PROGRAM} rollback {self._name} takes it back")

    def _tell_failure(self, plan: Plan, switched: tuple[str, ...], console: Console) -> None:
        if switched:
            stands = f"{self._name} serves push {plan.id} as far as it came"
            step = f"{PROGRAM} rollback {self._name}"
        else:
            stands = f"{self._name} is as it was before"
            step = f"mend it and push again, or go on from there: {PROGRAM} resume {self._name}"
        console.say(f"{stands}\n  next: {step}\n        {PROGRAM} log {self._name} {plan.id} "
                    "shows all that was said")


def list_commits(console: Console, commits: Sequence[str], before: str) -> None:
    """A line for each, as long as they are not too many."""
    for line in commits[:MOST_COMMITS]:
        console.say(f"{before}{line}")
    if len(commits) > MOST_COMMITS:
        console.say(f"  and {len(commits) - MOST_COMMITS} more")


def _listed(hosts: tuple[str, ...]) -> str:
    return host_names(hosts) if len(hosts) <= FEW else f"{len(hosts)} hosts"
