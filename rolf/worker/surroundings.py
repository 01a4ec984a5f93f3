"""What a push stands in when a worker carries it out: the engine's Surroundings."""

import time

from bootstrapper.deploy.push.execution import StageDecision

from pushes.models import Push

from .away import unanswered

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
            with unanswered():
                decision = row.values_list("decision", flat=True).get()
            time.sleep(0 if decision else ASK)
        self._journal.flush(awaits="", decision="")
        return StageDecision(decision) if decision else StageDecision.STOP
