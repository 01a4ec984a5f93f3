"""The command line as the frontend of an operation: it asks, shows and reports."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from bootstrapper.commands.output import waiting
from bootstrapper.deploy.events.event import Event, State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.machine.git import GitRepository, WorkTree
from bootstrapper.deploy.machine.process import SignalWatch
from bootstrapper.deploy.operations.run import Outcome, PlannedRollback
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.plan.rollback import settings_changed
from bootstrapper.deploy.push.execution import StageDecision
from bootstrapper.deploy.push.push import PushJournal
from bootstrapper.deploy.push.session import Session
from bootstrapper.deploy.remote.ssh import HERE, host_names
from bootstrapper.deploy.running.job import Job
from bootstrapper.deploy.running.watcher import Watcher
from bootstrapper.deploy.screen.console import Console
from bootstrapper.errors import BootstrapperError, InputError
from bootstrapper.next_step import next_lines
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM
from bootstrapper.quoting import joined

LOOK_AROUND = "look around"
INTERRUPTED = 130
FEW = 3  # hosts, which are named one by one
MOST_COMMITS = 10


class InteractiveObserver:
    """Watches one push at a terminal. With `step` it asks before each stage."""

    def __init__(
        self, session: Session, console: Console, signals: SignalWatch, *, step: bool
    ) -> None:
        self._session = session
        self._console = console
        self._signals = signals
        self._step = step

    def cancelled(self) -> str:
        """Return the signal that stopped the push, in words."""
        return self._signals.reason

    def show(self, event: Event) -> None:
        """Show an event."""
        self._console.show(event)

    def tick(self) -> None:
        """Refresh the screen."""
        self._console.tick()

    def before(self, name: str, job: Job, ended: Callable[[], str]) -> StageDecision:
        """Ask what to do with a stage, in step mode."""
        while self._step:
            answer = self._console.ask(
                f"{name}?",
                [*StageDecision, LOOK_AROUND],
                StageDecision.RUN,
                meanwhile=self._session.tick,
                ended=ended,
            )
            if not answer:  # the push ended meanwhile, or standard input did
                return StageDecision.STOP
            if answer != LOOK_AROUND:
                return StageDecision(answer)
            self._look_around(job)
        return StageDecision.RUN

    def _look_around(self, job: Job) -> None:
        """Run a shell in the checkout, with the environment of the stage."""
        terminal = {name: os.environ[name] for name in ("TERM", "SHELL") if name in os.environ}
        shell = os.environ.get("SHELL", "/bin/sh")
        self._console.say(
            f"{shell} in {job.directory}, with the stage's environment; exit brings you back"
        )
        with subprocess.Popen(
            [shell], cwd=job.directory, env={**job.environment, **terminal}
        ) as process:
            while process.poll() is None:
                self._session.tick()
                try:
                    process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue


class InteractiveFrontend:
    """Asks and reports on the terminal, or in the log of a script that has none."""

    def __init__(self, options: argparse.Namespace, session: Session) -> None:
        self._options = options
        self._session = session
        self._name = session.deployment.name
        self._console: Console | None = None
        self._tree = WorkTree()
        self._interrupted = False

    def exit_status(self, outcome: Outcome) -> int:
        """Return the exit status that DESIGN promises."""
        if outcome.result.state is State.SUCCEEDED:
            return 0
        cancelled = outcome.result.state is State.CANCELLED
        return INTERRUPTED if self._interrupted and cancelled else 1

    def waiting(self, text: str) -> AbstractContextManager[None]:
        """Show what the operation waits for, on standard error."""
        return waiting(text, self._options.verbosity)

    def located(self, git: GitRepository, plan: Plan) -> None:
        """Look at the work tree while the hosts are being connected."""
        self._tree = git.work_tree(plan.ref, plan.commit)

    def confirm_deploy(self, plan: Plan, live: Record | None, git: GitRepository) -> None:
        """Show the commits that go out; ask if the work tree has what the push leaves out."""
        self._begin(plan)
        self._say_commits(live, plan.commit, git)
        if left_out := _left_out(self._tree, plan.ref):
            self._say(f"left out of this push of {plan.commit[:7]}: {left_out}")
            self._confirm("go on?")

    def confirm_rollback(self, planned: PlannedRollback, git: GitRepository) -> None:
        """Show what goes back, and ask."""
        target, live = planned.target, planned.live
        self._begin(planned.plan)
        how = (
            "its release is still there: switch and reload"
            if planned.fast
            else f"its release is gone: {target.rollback_url} is pushed again"
        )
        comment = f' "{single_line(target.comment)}"' if target.comment else ""
        self._say(f"back to push {target.id}{comment} by {target.user}; {how}")
        if live is not None:
            if commits := git.commits(target.commit, live.commit):
                self._list_commits(commits.added, "  takes back ")
            if not self._options.keep_settings:
                for line in settings_changed(live.settings, target.settings):
                    self._say(f"  {line}")
        self._confirm(f"roll back to push {target.id}?")

    @contextmanager
    def observer(self, plan: Plan, journal: PushJournal) -> Iterator[InteractiveObserver]:
        """Watch a push; while it runs, Ctrl-C and SIGTERM cancel it."""
        assert self._console
        with Watcher(), SignalWatch() as signals:
            yield InteractiveObserver(
                self._session, self._console, signals, step=self._options.step
            )
        self._interrupted = bool(signals.reason)

    def started(self, plan: Plan, *, resumed: bool) -> None:
        """Print which push it is."""
        if self._console is None:
            self._begin(plan)
        words = [f"push {plan.id} goes on"] if resumed else [f"push {plan.id}"]
        if plan.ref and not resumed:
            words.append(f"{plan.ref} {plan.commit[:7]}".rstrip())
        self._say(f"{self._name}: {', '.join(words)}")

    def ended(self, outcome: Outcome) -> None:
        """Print how the push ended."""
        plan, result = outcome.plan, outcome.result
        if outcome.unrecorded:
            self._say(f"pushes.log on the host lacks the end of this push: {outcome.unrecorded}")
        if result.state is not State.SUCCEEDED:
            self._say(f"push {plan.id} {result.state}: {single_line(result.reason)}")
            return
        hosts = tuple(host for host in plan.hosts if host not in result.failed)
        what = f"push {plan.id}" if plan.rollback_to is None else f"push {plan.rollback_to} again"
        self._say(
            f"{self._name} serves {what}"
            + (f" ({outcome.record.commit[:7]})" if outcome.record.commit else "")
            + (f" on {_listed(hosts)}" if hosts else "")
        )
        if result.failed:
            self._say(
                f"{_listed(result.failed)} failed and stays as it is\n"
                + next_lines(
                    f"{PROGRAM} log {self._name} {plan.id}  # correct the error, then push again"
                )
            )
        if plan.rollback_to is None:
            self._say(next_lines(f"{PROGRAM} rollback {self._name}  # takes it back"))
        self._say_hidden(plan, result.hidden)

    def rolling_back(self, planned: PlannedRollback) -> None:
        """Print where the rollback goes."""
        hosts = f" on {_listed(planned.hosts)}" if planned.hosts else ""
        self._say(f"rolling back to push {planned.target.id}{hosts}")
        self._begin(planned.plan)

    def not_rolled_back(self, outcome: Outcome, error: BootstrapperError | None) -> None:
        """Print what is live now, and what can be done."""
        plan, hidden = outcome.plan, outcome.result.hidden
        if error:
            self._say(f"not rolled back: {error}")
        else:
            live, step = self._what_is_live(outcome)
            log = f"{PROGRAM} log {self._name} {plan.id}  # shows the whole output"
            self._say(f"{live}\n{next_lines([step, log])}")
        self._say_hidden(plan, hidden)

    def _what_is_live(self, outcome: Outcome) -> tuple[str, str]:
        """Return what visitors see after a push that failed, and the next command."""
        plan, name = outcome.plan, self._name
        if outcome.live_on and plan.rollback_to is not None:
            return (
                f"{name} serves push {plan.rollback_to} again; the rollback did not finish",
                f"{PROGRAM} resume {name}",
            )
        if outcome.live_on:
            return (
                f"{name} serves push {plan.id}, which did not finish",
                f"{PROGRAM} rollback {name}",
            )
        return (
            f"{name} has the code of before, and visitors don't see it"
            if outcome.result.hidden
            else f"{name} is as it was before",
            f"{PROGRAM} resume {name}",
        )

    def _say_hidden(self, plan: Plan, hidden: tuple[str, ...]) -> None:
        """Print where visitors see a maintenance page, and how to remove ours by hand."""
        if not hidden:
            return
        hosts = tuple(host or next(iter(plan.hosts), "") for host in hidden)
        self._say(f"visitors see the maintenance page on {_listed(hosts)}")
        if any(stage.hides and stage.recipe == "maintenance-on" for stage in plan.stages):
            page = f"{plan.settings.get('REMOTE_DIRECTORY', '')}/shared/maintenance.html"
            remove = joined(["rm", "-f", page])
            config = plan.settings.get("SSH_CONFIG")
            ssh = ["ssh", *(["-F", config] if config else [])]
            self._say(
                next_lines(
                    "; ".join(
                        remove if host == HERE else joined([*ssh, host, remove]) for host in hosts
                    )
                    + "  # removes the page without another push"
                )
            )

    def _say_commits(self, live: Record | None, commit: str, git: GitRepository) -> None:
        """Print what goes out with this push."""
        if not live or not commit or not live.commit:
            return
        if live.commit == commit:
            self._say(f"no commits since push {live.id}")
            return
        commits = git.commits(live.commit, commit)
        if commits is None:
            self._say(f"the commits since push {live.id} are not known here (git fetch)")
            return
        added, removed = commits.added, commits.removed
        self._say(f"{len(added)} commit{'s' if len(added) != 1 else ''} since push {live.id}:")
        self._list_commits(added, "  ")
        if removed:
            self._say(f"{len(removed)} commits of push {live.id} are not in it")

    def _list_commits(self, commits: Sequence[str], before: str) -> None:
        """Print a line for each commit, as long as they are not too many."""
        for line in commits[:MOST_COMMITS]:
            self._say(f"{before}{single_line(line)}")
        if len(commits) > MOST_COMMITS:
            self._say(f"  and {len(commits) - MOST_COMMITS} more")

    def _confirm(self, question: str) -> None:
        """Ask whether to go on; without a terminal, or with --yes, the answer is yes."""
        assert self._console
        # `resume` asks nothing, so it has no --yes.
        if self._options.yes or not sys.stdin or not sys.stdin.isatty():
            return
        answer = self._console.ask(question, ["yes", "no"], "yes", meanwhile=self._session.tick)
        if answer != "yes":
            raise InputError(
                "the push", "you declined; nothing was done", f"{PROGRAM} status {self._name}"
            )

    def _begin(self, plan: Plan) -> None:
        """Show the stages of this plan from now on."""
        per_host = any(plan.per_host(stage) for stage in plan.stages)
        self._console = Console(
            stages=[stage.name for stage in plan.stages],
            verbosity=self._options.verbosity,
            hosts=len(plan.hosts) if per_host else 0,
        )

    def _say(self, line: str) -> None:
        assert self._console
        self._console.say(line)


def _left_out(tree: WorkTree, ref: str) -> str:
    """Return what a person may think is pushed, and isn't."""
    words = []
    if tree.changed:
        words.append(f"{tree.changed} changed file{'s' if tree.changed != 1 else ''} not committed")
    if tree.unpushed:
        words.append(
            f"{tree.unpushed} commit{'s' if tree.unpushed != 1 else ''} of {ref} not pushed"
        )
    return " and ".join(words)


def _listed(hosts: tuple[str, ...]) -> str:
    return host_names(hosts) if len(hosts) <= FEW else f"{len(hosts)} hosts"
