"""A push carried out: claimed, planned, run, and what follows when it fails."""

import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.machine.process import SignalWatch
from bootstrapper.deploy.operations.run import AutomaticRollback
from bootstrapper.deploy.operations.start import completed_stages, require_outputs
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.deploy.plan.rollback import plan_rollback, rollback_template
from bootstrapper.deploy.push.execution import StageDecision
from bootstrapper.deploy.push.push import Push as EnginePush
from bootstrapper.deploy.push.register import PushRegister
from bootstrapper.deploy.push.session import Session
from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from django.db.models import F, Q
from django.utils import timezone

from deployments.prepare import Refused, bare, directory, of_plan, secrets_of, tied

from ..log_view import index
from ..models import LogChunk, Push, Worker
from ..services import Moved, refuse_closed, refuse_moved
from ..snapshots import restored, with_code
from .db_retry import ignore_outage
from .journal import DatabaseJournals
from .repository import RepositoryMirror


def run(push_id):
    """Carry out the push, unless somebody has begun it or cancelled it."""
    with Worker.objects.carrying() as worker:
        queued = Push.objects.filter(pk=push_id, state=State.QUEUED)
        if queued.update(state=State.RUNNING, worker=worker, started=timezone.now(),
                         version=F("version") + 1):
            _carry_out(push_id)


def _carry_out(push_id):
    running = PushRun(Push.objects.select_related("deployment", "worker").get(pk=push_id))
    try:
        running.go()
    except Moved as error:
        refuse(running.push, " ".join(error.faults), State.CANCELLED)
    except Refused as error:
        refuse(running.push, " ".join(error.faults))
    except BootstrapperError as error:
        refuse(running.push, f"{error.where}: {error.fault}")
    except Exception as error:
        refuse(running.push, f"Rolf itself failed: {error!r}")
        raise
    # It has ended for everybody; what is left is for those who will search in its log.
    for ended in Push.objects.filter(Q(pk=push_id) | Q(rollback_of=push_id)):
        index.build(ended)


def refuse(push, reason, state=State.FAILED):
    """End a push that could not begin, or not be kept; its log tells why."""
    mine = Push.objects.filter(pk=push.pk, state=State.RUNNING, worker=push.worker_id)
    if mine.update(state=state, reason=reason, ended=timezone.now(),
                   version=F("version") + 1) and not push.chunks.exists():
        said = f"{reason}\n".encode()
        lines = said.count(b"\n")
        LogChunk.objects.create(
            push=push, sequence=0, offset=0, first_line=0, last_line=lines, data=said,
            spans=[[len(said), 0, "note", timezone.now().timestamp(), ""]])
        Push.objects.filter(pk=push.pk).update(
            log_lines=lines, log_bytes=len(said), version=F("version") + 1)


class PushRun:
    """One push of this worker's, in a process of its own, and the rollback that may follow it.

    `push` is the one of the two that runs.
    """

    def __init__(self, push):
        """Nothing is done yet."""
        self.push = push
        self._deployment = push.deployment
        self._session = None
        self._journals = DatabaseJournals(push, self._tick)
        self._home = directory(push.deployment)

    def go(self):
        """Carry it out. Raises BootstrapperError or Refused where it can't begin."""
        refuse_closed(self._deployment)  # it may have been, while the push waited
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with SignalWatch() as interruption:
            if self.push.resumed:
                self._resume(interruption)
            elif self.push.rollback_to:
                self._roll_back(interruption)
            else:
                self._deploy(interruption)

    def _deploy(self, interruption):
        prepared, plan = (self._tied() if self._deployment.tied else self._asked())
        with self._held(prepared) as session:
            if prepared.resolves_git and not plan.commit:
                found = RepositoryMirror(prepared, session.inherited).locate(plan.ref,
                                                                   self._deployment.name)
                refuse_moved(self.push, found.commit)
                plan = replace(plan, commit=found.commit, id=found.last_number,
                               release=found.last_number)
            ledger = PushRegister(session, self._journals)
            plan, journal = ledger.begin(plan)
            self._carry_out(plan, journal, session, ledger, prepared, interruption)

    def _asked(self):
        """Return the plan that was made when the push was asked for."""
        plan = restored(self.push, secrets_of(self._deployment))
        plan = replace(plan, user=self.push.user_name, deployment_id=str(self._deployment.pk))
        return of_plan(self._deployment, plan, self.push.snapshot.get("resolves_git", False)), plan

    def _tied(self):
        """Return the plan that the repository's own file makes, at the commit that is pushed."""
        settings = bare(self._deployment)
        with Session(self._home, replace(settings.deployment, settings={
                name: value for name, value in settings.deployment.settings.items()
                if name == "SSH_CONFIG"})) as session:
            mirror = RepositoryMirror(settings, session.inherited)
            found = mirror.locate(self.push.ref, self._deployment.name)
            commit = found.commit
            refuse_moved(self.push, commit)
            with tempfile.TemporaryDirectory(dir=self._home, prefix="deploy-") as checkout:
                mirror.extract(commit, "deploy", Path(checkout))
                prepared = tied(self._deployment, Path(checkout), flags=self.push.flags,
                                skip=self.push.skip)
        plan = self._planned(prepared, comment=prepared.mask(self.push.comment),
                             ref=self.push.ref, commit=commit, number=found.last_number)
        return prepared, plan

    def _planned(self, prepared, number=0, **what):
        return prepared.plan(number=number, who=self.push.user_name,
                             deployment_id=str(self._deployment.pk), **what)

    def _roll_back(self, interruption):
        target, live = self.push.rollback_to, self.push.rollback_of
        prepared = self._today(live)
        with self._held(prepared) as session:
            ledger = PushRegister(session, self._journals)
            record = target.engine_record
            kept = restored(target, prepared.secrets)
            base = rollback_template(prepared, record, kept, keep_settings=self.push.keep_settings)
            fast, releases = ledger.way_back(record, base)
            if not fast and not record.rollback_url:
                raise WorkFailed(f"push {record.id}", "its release is gone from the target, and "
                                 "it kept no tag to push again", "push its commit anew")
            plan = replace(
                plan_rollback(base, record, undone=live.number if live else None, fast=fast,
                          releases=releases, comment=self.push.comment),
                user=self.push.user_name, deployment_id=str(self._deployment.pk))
            plan, journal = ledger.begin(plan)
            self._carry_out(plan, journal, session, ledger, prepared, interruption)

    def _today(self, live):
        """Where the deployment goes today: of a tied one its last push tells."""
        if self._deployment.tied and live and live.snapshot:
            return of_plan(self._deployment, restored(live, secrets_of(self._deployment)), False)
        return bare(self._deployment)

    def _resume(self, interruption):
        record = self.push.engine_record
        if record is None:
            raise InputError("the push", "it never began, so it can't be resumed", "push again")
        require_outputs(record)
        plan = restored(self.push, secrets_of(self._deployment))
        prepared = of_plan(self._deployment, plan, False)
        with self._held(prepared) as session:
            ledger = PushRegister(session, self._journals)
            journal = self._journals.opened(plan)
            if not (journal.directory / "checkout").is_dir():
                raise InputError(str(self.push), "its checkout is gone, or on the machine of "
                                 "another worker", "push again")
            ledger.continue_push(plan)
            self._carry_out(plan, journal, session, ledger, prepared, interruption,
                            done=completed_stages(record), outputs=record.outputs, resumed=True)

    @contextmanager
    def _held(self, prepared: PreparedDeployment):
        """Give the session that holds the deployment's locks."""
        with Session(self._home, prepared.deployment, who=self.push.user_name) as session:
            self._session = session
            yield session

    def _tick(self):
        """Tell the targets that we live, while the database is waited for."""
        if self._session:
            self._session.tick()

    def _carry_out(self, plan, journal, session, ledger, prepared, interruption, **resumed):
        surroundings = WorkerSurroundings(session, journal, interruption)
        push = EnginePush(plan, journal, surroundings)
        result = push.run(**resumed)
        ledger.end(push.record)
        if result.switched or result.unsure or (
                result.state is State.SUCCEEDED and not any(one.switches for one in plan.stages)):
            self._deployment.served = None  # whatever it was, it isn't any more
            self._deployment.save(update_fields=["served"])
        back, why = None, ""
        try:
            back, why = self._way_back(plan, result, AutomaticRollback(session, ledger, prepared))
        finally:
            if back is None:
                journal.end(why)
        if back is not None:
            self._fall_back(back, journal, session, ledger, prepared, interruption)

    def _way_back(self, plan, result, fallback):
        """Return what undoes a push that failed when it was live, and why there is no way."""
        if result.state is State.SUCCEEDED:
            return None, ""
        switched = fallback.switched(result)
        if not fallback.wanted(plan, result, switched):
            return None, ""
        try:
            back = fallback.plan(plan, switched, result.hidden)
        except BootstrapperError as error:
            return None, f"it is not rolled back: {error.where}: {error.fault}"
        return back, "" if back else "it is not rolled back: no push came before it"

    def _fall_back(self, back, journal, session, ledger, prepared, interruption):
        """Roll back by a push of its own, in the same session: nobody gets in between."""
        failed = self.push
        # What came before may have been pushed by command line, and be no row of ours.
        target = self._deployment.pushes.filter(number=back.target.id).first()
        plan = replace(back.plan, user=failed.user_name, deployment_id=str(self._deployment.pk))
        self.push = self._journals.push = journal.end(then=lambda: Push.objects.create(
            deployment=self._deployment, state=State.RUNNING, user=failed.user,
            user_name=failed.user_name, comment=plan.comment, ref=plan.ref, commit=plan.commit,
            rollback_to=target, rollback_of=failed, worker=failed.worker, started=timezone.now(),
            snapshot=with_code(plan)))
        plan, journal = ledger.begin(plan)
        self._carry_out(plan, journal, session, ledger, prepared, interruption)


ASK = 0.25  # seconds between two looks for an answer


class WorkerSurroundings:
    """`session` holds the locks, `journal` is the push's, `interruption` notes SIGTERM."""

    def __init__(self, session, journal, interruption):
        """Ask before each stage if the push is in step mode."""
        self._session = session
        self._journal = journal
        self._interruption = interruption

    @property
    def inherited(self):
        """The variables of this process that stages get."""
        return self._session.inherited

    @property
    def scratch(self):
        """A directory of the push's own that goes when it ends."""
        return self._session.scratch

    def cancelled(self):
        """Return who has stopped the push."""
        return "its worker was stopped" if self._interruption.reason else ""

    def lost(self):
        """Return why a target's lock is no longer ours."""
        return self._session.lost()

    def show(self, event):
        """Pages read what the journal keeps."""

    def tick(self):
        """Keep what waits, and tell the targets that we live."""
        self._session.tick()
        self._journal.tick()

    def before(self, name, job):
        """Wait for what somebody decides about a stage, in step mode."""
        push = self._journal.push
        if not push.step:
            return StageDecision.RUN
        self._journal.flush(awaits=name, decision="", decided_by="")
        row = Push.objects.filter(pk=push.pk)
        decision = ""
        while not (decision or self.cancelled() or self.lost() or self._journal.cancelled()):
            self.tick()
            with ignore_outage():
                decision = row.values_list("decision", flat=True).get()
            time.sleep(0 if decision else ASK)
        self._journal.flush(awaits="", decision="")
        return StageDecision(decision) if decision else StageDecision.STOP
