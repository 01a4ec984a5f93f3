"""A plan carried out while somebody watches, and what they are told at its end."""

import argparse
import shlex
from collections.abc import Iterable, Mapping, Sequence

from bootstrapper.commands.attended import Attended
from bootstrapper.commands.waiting import host_names
from bootstrapper.deploy.event import State
from bootstrapper.deploy.execution import Result
from bootstrapper.deploy.fallback import Fallback
from bootstrapper.deploy.fleet import rolls
from bootstrapper.deploy.journal.record import Record
from bootstrapper.deploy.ledger import Ledger
from bootstrapper.deploy.plan import Plan
from bootstrapper.deploy.preparation import Preparation
from bootstrapper.deploy.push import Journal, Push
from bootstrapper.deploy.screen.console import Console
from bootstrapper.deploy.session import Session
from bootstrapper.deploy.target.ssh import HERE
from bootstrapper.errors import BootstrapperError
from bootstrapper.invocation import PROGRAM
from bootstrapper.plain_text import single_line

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
        self._fallback = Fallback(session, ledger, preparation)
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
            self._tell_hidden(plan, result.hidden, console)
            return 0
        console.say(f"push {plan.id} {result.state}: {single_line(result.reason)}")
        switched = self._fallback.switched(result)
        if self._fallback.wanted(plan, result, switched):
            self._fall_back(plan, switched, result.hidden, console)
        else:
            self._tell_failure(plan, switched, result.hidden, console)
        return INTERRUPTED if interrupted and result.state is State.CANCELLED else 1

    def _fall_back(self, plan: Plan, switched: tuple[str, ...], hidden: tuple[str, ...],
                   console: Console) -> None:
        try:
            back = self._fallback.plan(plan, switched, hidden)
        except BootstrapperError as error:
            console.say(str(error))
            self._tell_hidden(plan, hidden, console)
            return
        if back is None:
            console.say(f"there is no push before it to roll back to\n"
                        f"  next: {PROGRAM} log {self._name} {plan.id}")
            self._tell_hidden(plan, hidden, console)
            return
        console.say(f"rolling back to push {back.target.id}"
                    + (f" on {_listed(back.hosts)}" if back.hosts else ""))
        self.start(back.plan, self.console(back.plan))

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

    def _tell_failure(self, plan: Plan, switched: tuple[str, ...], hidden: tuple[str, ...],
                      console: Console) -> None:
        if switched and plan.rollback_to is not None:
            stands = f"{self._name} serves push {plan.rollback_to} again, as far as it came"
            step = f"remove the cause, then: {PROGRAM} resume {self._name}"
        elif switched:
            stands = f"{self._name} serves push {plan.id} as far as it came"
            step = f"{PROGRAM} rollback {self._name}"
        else:
            stands = f"{self._name} is as it was before" if not hidden else (
                f"{self._name} has the code of before, and visitors don't see it")
            step = f"mend it and push again, or go on from there: {PROGRAM} resume {self._name}"
        console.say(f"{stands}\n  next: {step}\n        {PROGRAM} log {self._name} {plan.id} "
                    "shows all that was said")
        self._tell_hidden(plan, hidden, console)

    def _tell_hidden(self, plan: Plan, hidden: tuple[str, ...], console: Console) -> None:
        """Say where visitors see a page of maintenance, and what takes ours away by hand."""
        if not hidden:
            return
        hosts = tuple(host or next(iter(plan.hosts), "") for host in hidden)
        console.say(f"visitors see the maintenance page on {_listed(hosts)}")
        if any(stage.hides and stage.recipe == "maintenance-on" for stage in plan.stages):
            page = f"{plan.settings.get('REMOTE_DIRECTORY', '')}/shared/maintenance.html"
            remove = shlex.join(["rm", "-f", page])
            config = plan.settings.get("SSH_CONFIG")
            ssh = ["ssh", *(["-F", config] if config else [])]
            console.say("  next: to end it without another push: " + "; ".join(
                remove if host == HERE else shlex.join([*ssh, host, remove]) for host in hosts))


def list_commits(console: Console, commits: Sequence[str], before: str) -> None:
    """A line for each, as long as they are not too many."""
    for line in commits[:MOST_COMMITS]:
        console.say(f"{before}{single_line(line)}")
    if len(commits) > MOST_COMMITS:
        console.say(f"  and {len(commits) - MOST_COMMITS} more")


def _listed(hosts: tuple[str, ...]) -> str:
    return host_names(hosts) if len(hosts) <= FEW else f"{len(hosts)} hosts"
