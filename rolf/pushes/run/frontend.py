"""What the engine shows and asks during a push: it becomes changes of the push's row."""

import time
from contextlib import nullcontext

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.push.execution import StageDecision

from database.retry import ignore_outage, retry
from deployments.models import Deployment

from ..checkouts import keep
from ..models import Push
from ..refusals import refuse_moved

ASK = 0.25  # seconds between two queries for a decision


class WorkerFrontend:
    """The engine's Frontend. It asks nothing, and stores results in the push's row."""

    def __init__(self, store, must_end):
        """`must_end` returns why the push must end, or ""."""
        self._store = store
        self._must_end = must_end
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
        return nullcontext(WorkerObserver(journal, self._must_end))

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
            deployment = Deployment.objects.filter(pk=self._store.push.deployment_id)
            retry(lambda: deployment.update(served=None))  # the hosts serve another release now
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
        # Before the end: after it, a user may resume the push, and its stages change the checkout.
        journal = self._journal
        keep.keep(journal.push, journal.directory, meanwhile=journal.wait)
        journal.end(why)


class WorkerObserver:
    """The engine's PushObserver. In step mode, it reads users' decisions from the push's row."""

    def __init__(self, journal, must_end):
        """`must_end` returns why the push must end, or ""."""
        self._journal = journal
        self._must_end = must_end

    def cancelled(self):
        """Return why the push must stop, or ""."""
        return self._must_end()

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
