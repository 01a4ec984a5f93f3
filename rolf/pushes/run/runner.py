"""Run a push that a worker has claimed, by the engine's operations."""

import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.machine.process import SignalWatch
from bootstrapper.deploy.operations import start
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.plan.rollback import RollbackProposal
from bootstrapper.deploy.push.execution import StageDecision
from bootstrapper.deploy.push.session import Session
from bootstrapper.errors import BootstrapperError, InputError
from django.db.models import F, Q
from django.utils import timezone

from deployments.prepare import (
    Refused,
    directory,
    from_plan,
    prepare_hosts,
    prepare_repository,
    secrets_of,
)

from ..log_view import index
from ..models import LogChunk, Push, Worker
from ..refusals import Moved, refuse_closed, refuse_moved
from .db_retry import ignore_outage
from .journal import DatabasePushStore
from .repository import RepositoryMirror, clone_of

ASK = 0.25  # seconds between two queries for a decision


def run(push_id):
    """Run a push, unless another worker has begun it or a user has cancelled it."""
    with Worker.objects.carrying() as worker:
        queued = Push.objects.filter(pk=push_id, state=State.QUEUED)
        if queued.update(
            state=State.RUNNING, worker=worker, started=timezone.now(), version=F("version") + 1
        ):
            run_claimed(push_id)


def run_claimed(push_id):
    """Run a push that this worker has claimed. If it cannot begin, end it with the reason."""
    runner = PushRunner(Push.objects.select_related("deployment", "worker").get(pk=push_id))
    try:
        runner.run()
    except Moved as error:
        refuse(runner.push, " ".join(error.faults), State.CANCELLED)
    except Refused as error:
        refuse(runner.push, " ".join(error.faults))
    except BootstrapperError as error:
        refuse(runner.push, f"{error.where}: {error.fault}")
    except Exception as error:
        refuse(runner.push, f"Rolf itself failed: {error!r}")
        raise
    # The push has ended. Searches in its log need the index.
    for ended in Push.objects.filter(Q(pk=push_id) | Q(rollback_of=push_id)):
        index.build(ended)


def refuse(push, reason, state=State.FAILED):
    """End a push that could not begin or be recorded. Write the reason into an empty log."""
    claimed = Push.objects.filter(pk=push.pk, state=State.RUNNING, worker=push.worker_id)
    if (
        claimed.update(state=state, reason=reason, ended=timezone.now(), version=F("version") + 1)
        and not push.chunks.exists()
    ):
        log = f"{reason}\n".encode()
        lines = log.count(b"\n")
        LogChunk.objects.create(
            push=push,
            sequence=0,
            offset=0,
            first_line=0,
            last_line=lines,
            data=log,
            spans=[[len(log), 0, "note", timezone.now().timestamp(), ""]],
        )
        Push.objects.filter(pk=push.pk).update(
            log_lines=lines, log_bytes=len(log), version=F("version") + 1
        )


class PushRunner:
    """Runs a push: a deploy, a rollback or a resumed push, by the engine's operations."""

    def __init__(self, push):
        """Do nothing yet."""
        self._asked = push
        self._deployment = push.deployment
        self._home = directory(push.deployment)
        self._store = None

    @property
    def push(self):
        """The push that runs: the requested one, or its automatic rollback."""
        return self._store.push if self._store else self._asked

    def run(self):
        """Run the push to its end. Raise BootstrapperError or Refused if it cannot begin."""
        refuse_closed(self._deployment)  # a user may have closed it while the push was queued
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with SignalWatch() as signals:
            if self._asked.resumed:
                self._resume(signals)
            elif self._asked.rollback_to:
                self._roll_back(signals)
            else:
                self._deploy(signals)

    def _deploy(self, signals):
        prepared, located = self._tied() if self._deployment.tied else (self._prepared(), None)
        with self._held(prepared, signals) as held:
            start.deploy(
                *held,
                ref=self._asked.ref,
                comment=self._asked.comment,
                located=located,
                clone=clone_of(prepared),
            )

    def _prepared(self):
        """Return the deployment as it was prepared when the push was queued."""
        plan = Plan.restored(self._asked.snapshot, secrets_of(self._deployment))
        return from_plan(self._deployment, plan, self._asked.snapshot.get("resolves_git", False))

    def _tied(self):
        """Return (the deployment as prepared from the commit's own file, where the commit is)."""
        settings = prepare_hosts(self._deployment)
        with Session(
            self._home,
            replace(
                settings.deployment,
                settings={
                    name: value
                    for name, value in settings.deployment.settings.items()
                    if name == "SSH_CONFIG"
                },
            ),
        ) as session:
            mirror = RepositoryMirror(settings, session.inherited)
            located = mirror.locate(self._asked.ref, self._deployment.name)
            refuse_moved(self._asked, located.commit)
            with tempfile.TemporaryDirectory(dir=self._home, prefix="deploy-") as checkout:
                mirror.extract(located.commit, "deploy", Path(checkout))
                prepared = prepare_repository(
                    self._deployment, Path(checkout), flags=self._asked.flags, skip=self._asked.skip
                )
        return prepared, located

    def _roll_back(self, signals):
        target, live = self._asked.rollback_to, self._asked.rollback_of
        proposal = RollbackProposal(target=target.engine_record, live=live and live.engine_record)
        with self._held(self._today(live), signals) as held:
            start.rollback(
                *held,
                proposal=proposal,
                comment=self._asked.comment,
                keep_settings=self._asked.keep_settings,
            )

    def _today(self, live):
        """Return the deployment as it is now; if its repository defines it, as of the live push."""
        if self._deployment.tied and live and live.snapshot:
            plan = Plan.restored(live.snapshot, secrets_of(self._deployment))
            return from_plan(self._deployment, plan, False)
        return prepare_hosts(self._deployment)

    def _resume(self, signals):
        record = self._asked.engine_record
        if record is None:
            raise InputError("the push", "it never began, so it cannot be resumed", "push again")
        plan = Plan.restored(self._asked.snapshot, secrets_of(self._deployment))
        with self._held(from_plan(self._deployment, plan, False), signals) as held:
            start.resume(*held, record=record)

    @contextmanager
    def _held(self, prepared, signals):
        """Hold the deployment's locks, and yield the first arguments of the operations."""
        with Session(self._home, prepared.deployment, who=self._asked.user_name) as session:
            self._store = DatabasePushStore(self._asked, session.tick)
            yield session, prepared, self._store, WorkerFrontend(self._store, signals)


class WorkerFrontend:
    """The engine's Frontend. It asks nothing, and stores results in the push's row."""

    def __init__(self, store, signals):
        """`signals` is the SignalWatch that notices SIGTERM."""
        self._store = store
        self._signals = signals
        self._journal = None

    def waiting(self, text):
        """Show nothing."""
        return nullcontext()

    def located(self, git, plan):
        """Raise Moved if the ref is at another commit than the one that was shown."""
        if plan.commit:
            refuse_moved(self._store.push, plan.commit)

    def confirm_deploy(self, plan, live, git):
        """Do nothing: the user has confirmed the push on its page."""

    def confirm_rollback(self, planned, git):
        """Do nothing: the user has confirmed the rollback on its page."""

    def observer(self, plan, journal):
        """Return the observer of the push."""
        self._journal = journal
        return nullcontext(WorkerObserver(journal, self._signals))

    def started(self, plan, *, resumed):
        """Do nothing: the store has changed the row."""

    def ended(self, outcome):
        """End a push that succeeded. After a failure, the methods below end it."""
        result = outcome.result
        succeeded = result.state is State.SUCCEEDED
        if (
            result.switched
            or result.unsure
            or (succeeded and not any(stage.switches for stage in outcome.plan.stages))
        ):
            deployment = self._store.push.deployment
            deployment.served = None  # the hosts serve another release now
            deployment.save(update_fields=["served"])
        if succeeded:
            self._journal.end()

    def rolling_back(self, planned):
        """Do nothing: the store ends this push when it begins the rollback."""

    def not_rolled_back(self, outcome, error):
        """End the push, with the reason why there is no rollback."""
        why = ""
        if error:
            where = "" if error.where == f"push {outcome.plan.id}" else f"{error.where}: "
            why = f"it is not rolled back: {where}{error.fault}"
        self._journal.end(why)


class WorkerObserver:
    """The engine's PushObserver. In step mode, it reads users' decisions from the push's row."""

    def __init__(self, journal, signals):
        """`signals` is the SignalWatch that notices SIGTERM."""
        self._journal = journal
        self._signals = signals

    def cancelled(self):
        """Return why the push must stop, or ""."""
        return "its worker was stopped" if self._signals.reason else ""

    def show(self, event):
        """Do nothing: pages show what the journal has stored."""

    def tick(self):
        """Write buffered output."""
        self._journal.tick()

    def before(self, name, job, ended):
        """Return the decision about a stage. In step mode, wait for a user to decide."""
        push = self._journal.push
        if not push.step:
            return StageDecision.RUN
        self._journal.flush(awaits=name, decision="", decided_by="")
        row = Push.objects.filter(pk=push.pk)
        decision = ""
        while not decision and not ended():
            self._journal.wait()
            with ignore_outage():
                decision = row.values_list("decision", flat=True).get()
            time.sleep(0 if decision else ASK)
        self._journal.flush(awaits="", decision="")
        return StageDecision(decision) if decision else StageDecision.STOP
