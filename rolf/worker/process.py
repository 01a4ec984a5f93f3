"""The worker's process: it claims pushes and surveys that wait, and forks a child for each.

Because each has its own child, pushes do not wait for one another, and a stage's environment never
gets into a server.
"""

import ctypes
import logging
import os
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db import connections

from audit import context
from audit.process import ForwarderProcess
from database import clock
from database.retry import AWAY, ignore_outage, reconnect
from pushes.claims import claim_push, claim_survey
from pushes.models import BEAT, HANDOVER, Worker
from pushes.queue import PUSHES, SURVEYS, Doorbell

from . import periodic, sweeping
from .children import kill, wake
from .lease import Lease
from .unresponsive import PushWatch

PAUSE = 0.25  # seconds between two attempts to reach the database, and to reap children
LOOK = 1.0  # seconds between two looks at running pushes
RECHECK = 5.0  # seconds between two looks at what waits, if nothing rings
SWEEP = 5.0  # seconds between two clean-ups after dead workers
PATIENCE = 20.0  # seconds that a cancelled push may take to end its stages
PR_SET_PDEATHSIG = 1  # prctl(2)

logger = logging.getLogger("rolf.worker")


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a child carries out: the push or survey of that key, or a periodic task of that name."""

    kind: str
    key: object


class WorkerProcess:
    """A worker with a number of `slots` for each kind of job.

    After SIGTERM, running pushes have `grace` seconds to end.
    """

    def __init__(self, *, slots, grace, changed, labels="", release=""):
        """Set up. `changed` returns whether there is a newer release."""
        self.running = True
        self._slots = slots
        self._grace = grace
        self._changed = changed
        self._fields = {"labels": labels, "release": release, "slots": slots[PUSHES]}
        self._children = {}  # by process id: the job
        self._watches = {}  # by process id: a watch over the push that the child carries out
        self._forwarder = ForwarderProcess()
        self._doorbell = Doorbell()
        self._row = self._lease = None
        # When each was done, by time.monotonic().
        self._watched = self._beaten = self._swept = self._looked = self._away_since = 0.0
        self._succeeded = False  # whether the worker of a newer release takes over
        self._end = None  # when to end the children that still run

    def start(self):
        """Work until SIGTERM; return when no child runs any more."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.shutdown)
        self._register_patiently()
        try:
            self._run()
            self._wait_for_children()
        finally:
            self._forwarder.stop()
            if self._row:
                with ignore_outage():
                    Worker.objects.filter(pk=self._row.pk).update(
                        ended=clock.now() + (HANDOVER if self._succeeded else timedelta())
                    )

    def _register_patiently(self):
        """Create the worker's row. If the database is away, wait for it."""
        while self.running and not self._row:
            try:
                self._register()
            except AWAY as error:
                self._away(error)

    def _run(self):
        """Start jobs while there are free slots, until SIGTERM."""
        rung = True
        while self.running:
            try:
                self._maintain()
                if rung or time.monotonic() - self._looked >= RECHECK:
                    self._start_jobs()
                # A child that ends does not ring.
                rung = self._doorbell.wait(PAUSE if self._children else LOOK)
            except AWAY as error:
                self._away(error)
                rung = True

    def _start_jobs(self):
        """Start all jobs that wait and have a free slot."""
        self._looked = time.monotonic()
        self._doorbell.answer()
        while self.running and (job := self._claim()):
            self._fork(job)

    def _claim(self):
        """Claim a job that has a free slot. Return None if there is none."""
        taken = Counter(job.kind for job in self._children.values())
        free = {kind: slots > taken[kind] for kind, slots in self._slots.items()}
        if self._row.draining:
            return None
        if free[PUSHES] and (key := claim_push(self._row)):
            return Job(kind=PUSHES, key=key)
        if free[SURVEYS]:
            if key := claim_survey(self._row):
                return Job(kind=SURVEYS, key=key)
            if name := periodic.claim():
                return Job(kind=SURVEYS, key=name)
        return None

    def shutdown(self, signum, frame):
        """Take no more jobs; at the second signal, do not wait for running ones either."""
        again = self._end is not None  # it may be ending already, for a newer release
        self._end = time.monotonic() + (0 if again else self._grace)
        self._succeeded = False
        self.running = False

    def _fork(self, job):
        """Fork a child that carries out the job."""
        self._close_connections()
        pid = os.fork()
        if pid == 0:
            self._be_child(job)
        self._children[pid] = job
        if job.kind == PUSHES:
            self._watches[pid] = PushWatch(pid, job.key)

    def _close_connections(self):
        """Close all connections before a fork: two processes cannot share one."""
        connections.close_all()
        self._doorbell.close()

    def _be_child(self, job):
        status = 1
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            if os.getppid() == self._row.pid:  # else the parent died before prctl() took effect
                self._carry_out(job)
                status = 0
        except Exception:
            with context.working_on(**({"push_id": job.key} if job.kind == PUSHES else {})):
                logger.exception("%s %s failed", job.kind, job.key)
        finally:
            connections.close_all()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)  # without the parent's clean-up handlers

    def _carry_out(self, job):
        from pushes.run import runner, survey

        if job.kind == PUSHES:
            self._lease.guard()
            runner.run_claimed(job.key, self._lease.must_end)
        elif isinstance(job.key, str):
            periodic.run(job.key)
        else:
            survey.answer(job.key)

    def _register(self):
        """Create the worker's row, with a name of its own, and begin its lease."""
        self._row = Worker.objects.start(**self._fields)
        self._lease = Lease()

    def _beat(self):
        """Send the heartbeat. If others have declared this worker dead, continue as a new worker.

        That happens after the process was stopped for a while, or the database was away. The pushes
        of the old worker are lost, and end by themselves.
        """
        sent = clock.steady()
        if self._row.confirm():
            self._lease.confirm(sent)
        else:
            logger.warning("%s was declared dead; it continues as a new worker", self._row)
            self._register()

    def _away(self, error):
        if time.monotonic() - self._away_since > RECHECK:
            logger.warning("the database does not answer: %s", str(error).strip())
        self._away_since = time.monotonic()
        reconnect()
        self._doorbell.close()
        self._kill_at_the_end_of_the_lease()
        time.sleep(PAUSE)

    def _kill_at_the_end_of_the_lease(self):
        """Kill children that have not ended by themselves, for example because they are stopped."""
        if self._lease and self._lease.ends:
            for pid in self._children:
                kill(pid)
            self._reap()

    def _reap(self):
        """Reap the children that have ended; after one that died, sweep at once."""
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            self._watches.pop(pid, None)
            if self._children.pop(pid, None):
                self._looked = 0.0  # a slot is free
                if status:
                    self._swept = 0.0

    def _maintain(self):
        """Send the heartbeat, sweep, reap children, and notice a newer release."""
        now = time.monotonic()
        self._reap()
        if now - self._watched >= LOOK:
            # Before the heartbeat: with SQLite, a stopped child may hold the lock that the
            # heartbeat waits for.
            for watch in self._watches.values():
                watch.look()
            self._watched = now
            self._forwarder.keep(before_fork=self._close_connections)
            if self.running and self._changed():
                self.running = False
                self._succeeded = True
        if now - self._beaten >= BEAT:
            self._beat()
            self._beaten = now
        if now - self._swept >= SWEEP:
            pushes = [job.key for job in self._children.values() if job.kind == PUSHES]
            sweeping.sweep(self._row, pushes)
            self._swept = now
            self._looked = 0.0  # SQLite does not ring for our own changes

    def _wait_for_children(self):
        step = 0
        while self._children:
            try:
                self._maintain()
            except AWAY as error:
                self._away(error)
            late = self._end is not None and time.monotonic() - self._end
            if late and late > 0 and step == 0:
                step = 1
                for pid in self._children:
                    os.kill(pid, signal.SIGTERM)
                    wake(pid)
            elif late and late > PATIENCE and step == 1:
                step = 2
                for pid in self._children:
                    kill(pid)
            time.sleep(PAUSE)
