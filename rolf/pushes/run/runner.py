"""Run a push that a worker has claimed, by the engine's operations."""

import logging
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.times import PushClock
from bootstrapper.deploy.machine.process import SignalWatch
from bootstrapper.deploy.operations import start
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.plan.rollback import RollbackProposal
from bootstrapper.deploy.push.session import Session
from bootstrapper.errors import BootstrapperError, InputError
from django.db import transaction
from django.db.models import F, Q

from audit import context
from database import clock
from database.retry import AWAY, ignore_outage, reconnect, retry
from deployments.prepare import (
    Refused,
    directory,
    from_plan,
    prepare_hosts,
    prepare_repository,
    secrets_of,
)
from deployments.stage_account import stage_account

from ..checkouts import keep
from ..claims import claim_push, give_back
from ..logs.archive import after_end
from ..models import LogChunk, Push, Worker
from ..refusals import Moved, refuse_locked, refuse_moved
from .frontend import WorkerFrontend
from .push_store import DatabasePushStore
from .repository import RepositoryMirror, clone_of

logger = logging.getLogger("rolf.push")


def run(push_id):
    """Run a push, unless another worker has begun it or a user has cancelled it."""
    with Worker.objects.carrying() as worker:
        if claim_push(worker, push_id):
            run_claimed(push_id)


def run_claimed(push_id, must_end=lambda: ""):
    """Run a push that this worker has claimed. If it cannot begin, end it with the reason.

    `must_end` returns why the worker must end its pushes, or "". If the database goes away before
    the push begins, queue the push again.
    """
    push = retry(Push.objects.select_related("deployment", "worker").filter(pk=push_id).get)
    with context.working_on(push_id=push.pk, deployment_id=push.deployment_id):
        _run_claimed(push, must_end)


def _run_claimed(push, must_end):
    logger.info("the push begins: %s", push.deployment)
    runner = PushRunner(push, must_end)

    def end(reason, state=State.FAILED):
        retry(lambda: refuse(runner.push, reason, state))

    try:
        runner.run()
    except Moved as error:
        end(" ".join(error.faults), State.CANCELLED)
    except Refused as error:
        end(" ".join(error.faults))
    except BootstrapperError as error:
        end(f"{error.where}: {error.fault}")
    except AWAY as error:
        if runner.begun:
            end(f"the database does not answer: {error}")
        else:
            reconnect()
            retry(lambda: give_back(push))
        return
    except Exception as error:
        end(f"Rolf itself failed: {error!r}")
        raise
    with ignore_outage():  # the daily maintenance does what is left
        for ended in Push.objects.listed().filter(Q(pk=push.pk) | Q(rollback_of=push.pk)):
            logger.info("the push has ended: %s, %s", ended, ended.state)
            after_end(ended)


@transaction.atomic
def refuse(push, reason, state=State.FAILED):
    """End a push that could not begin or be recorded. Write the reason into an empty log."""
    claimed = Push.objects.filter(pk=push.pk, state=State.RUNNING, worker=push.worker_id)
    if (
        claimed.update(state=state, reason=reason, ended=clock.now(), version=F("version") + 1)
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
            spans=[[len(log), 0, "note", clock.now().timestamp(), ""]],
        )
        Push.objects.filter(pk=push.pk).update(
            log_lines=lines, log_bytes=len(log), version=F("version") + 1
        )


class PushRunner:
    """Runs a push: a deploy, a rollback or a resumed push, by the engine's operations."""

    def __init__(self, push, must_end):
        """Do nothing yet. `must_end` returns why the push must end, or ""."""
        self._asked = push
        self._must_end = must_end
        self._deployment = push.deployment
        self._home = directory(push.deployment)
        self._store = None

    @property
    def push(self):
        """The push that runs: the requested one, or its automatic rollback."""
        return self._store.push if self._store else self._asked

    @property
    def begun(self):
        """Whether the push holds its locks, and may have changed something."""
        return self._store is not None

    def run(self):
        """Run the push to its end. Raise BootstrapperError or Refused if it cannot begin."""
        refuse_locked(self._deployment)  # a user may have locked it while the push was queued
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
            keep.restore(self._asked, self._store.directory(self._asked.number))
            start.resume(*held, record=record)

    @contextmanager
    def _held(self, prepared, signals):
        """Hold the deployment's locks, and yield the first arguments of the operations."""
        session = Session(
            self._home,
            prepared.deployment,
            who=self._asked.user_name,
            clock=PushClock(clock.now().timestamp()),
            account=stage_account(),
        )
        with session:
            self._store = DatabasePushStore(self._asked, session.tick)

            def must_end():
                return "its worker was stopped" if signals.reason else self._must_end()

            yield session, prepared, self._store, WorkerFrontend(self._store, must_end)
