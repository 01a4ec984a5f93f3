"""Pushes whose process does not answer: they are to end, by Cancel or a time-out, and go on."""

import os
import signal
import time

from bootstrapper.deploy.definition.duration import render
from bootstrapper.deploy.events.event import PushEnded, StageEnded, State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.running import process_tree
from django.db.models import F, Q
from django.utils import timezone

from pushes.models import Push

WAKE = 3.0  # seconds after which what was stopped (SIGSTOP) is made to go on, so that it can end
PATIENCE = 20.0  # seconds after which the processes of a push are killed
ROUNDS = 50  # of killing what a killed process has just started


class PushWatch:
    """Watches one push, by its key, and the child of ours with that pid that carries it out.

    It counts on the monotonic clock from when it first sees something: the wall clock may jump.
    """

    def __init__(self, pid, push_id):
        """Nothing was seen yet."""
        self._pid = pid
        self._push_id = push_id
        self._seen = {}  # when each thing was first seen as it is

    def look(self):
        """See whether the push should have ended; wake its processes, or kill them and end it."""
        # The rollback that follows a push by itself is carried out by the same child.
        running = Push.objects.filter(
            Q(pk=self._push_id) | Q(rollback_of=self._push_id), state=State.RUNNING)
        for push in running:
            late, state, reason = self._late(push, time.monotonic())
            if late > PATIENCE:
                kill(self._pid)
                end(push, state, reason)
            elif late > WAKE or self._stands_still():
                wake(self._pid)

    def _stands_still(self):
        """Return whether the child has been stopped for long.

        It may have been before it could keep that a stage runs: nothing else then tells when the
        stage is late.
        """
        found = process_tree.status(self._pid)
        stopped = found is not None and found.stopped
        now = time.monotonic()
        return stopped and now - self._since("stopped", stopped, now) > WAKE

    def _late(self, push, now):
        """Return for how many seconds it should have ended, as what, and why."""
        late = [(0.0, State.FAILED, "")]
        if push.cancelled_by:
            since = self._since("cancelled", push.pk, push.cancelled_by, now)
            late.append((now - since, State.CANCELLED, f"cancelled by {push.cancelled_by}"))
        silent_since = self._since("log", push.pk, push.log_bytes, now)
        for planned, stage in zip((push.snapshot or {}).get("stages", ()),
                                  (push.record or {}).get("stages", ()), strict=False):
            for host, run in (stage.get("hosts") or {"": stage}).items():
                key = ("run", push.pk, stage["name"], host)
                since = self._since(*key, (run["state"], run["started"]), now)
                if run["state"] != State.RUNNING:
                    continue
                for limit, began, what in [
                        (planned.get("timeout"), since, "after"),
                        (planned.get("idle_timeout"), max(since, silent_since),
                         "after it had said nothing for")]:
                    if limit:
                        late.append((now - began - limit, State.FAILED,
                                     f"{stage['name']} timed out {what} {render(limit)}"))
        # Cancel is the person's word, whatever else is late.
        asked = [one for one in late if one[1] is State.CANCELLED and one[0] > WAKE]
        return max(asked or late, key=lambda one: one[0])

    def _since(self, *key_and_value):
        """Return when the value of that key was first seen."""
        *key, value, now = key_and_value
        before, since = self._seen.get(tuple(key), (None, now))
        if before != value:
            since = now
        self._seen[tuple(key)] = (value, since)
        return since


def wake(pid):
    """Let a child of ours, and all below it, go on if they were stopped."""
    os.kill(pid, signal.SIGCONT)
    for process in process_tree.descendants(pid):
        process_tree.send(process, signal.SIGCONT)


def kill(pid):
    """Kill a child of ours with all below it.

    It is stopped first, so that it does nothing about the end of its processes; as their subreaper
    it keeps all of them below it until none is left.
    """
    os.kill(pid, signal.SIGSTOP)
    for _ in range(ROUNDS):
        left = process_tree.descendants(pid)
        if not left:
            break
        for process in left:
            process_tree.send(process, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)


def end(push, state, reason):
    """Say how a push ended whose processes were killed, unless it has come to its end by itself."""
    reason = f"{reason}; its process did not answer and was killed"
    now = timezone.now()
    record = Record.from_json(push.record) if push.record else None
    if record and record.state in (State.RUNNING, State.QUEUED):
        record = _ended(record, state, reason, now.timestamp())
    if record:
        state, reason = record.state, record.reason
    Push.objects.filter(pk=push.pk, state=State.RUNNING, worker=push.worker_id).update(
        state=state, reason=reason, ended=now, awaits="",
        record=record and record.to_json(), version=F("version") + 1)


def _ended(record, state, reason, at):
    for index, stage in enumerate(record.stages):
        for host, run in (stage.hosts or {"": stage}).items():
            if run.state is State.RUNNING:
                record = record.after(StageEnded(
                    at=at, stage=index, host=host, state=state, reason=reason,
                    seconds=max(0.0, at - (at if run.started is None else run.started))))
    return record.after(PushEnded(at=at, state=state, reason=reason))
