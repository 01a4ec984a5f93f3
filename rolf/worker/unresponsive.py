"""Pushes whose process does not respond: they were cancelled or timed out, but go on."""

import time

from bootstrapper.deploy.definition.duration import render
from bootstrapper.deploy.events.event import PushEnded, StageEnded, State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.running import process_tree
from django.db.models import F, Q

from database import clock
from pushes.models import Push

from .children import kill, wake

WAKE = 3.0  # seconds after which stopped processes (SIGSTOP) are continued, so that they can end
PATIENCE = 20.0  # seconds after which the processes of a push are killed


class PushWatch:
    """A watch over one push and over the child process that carries it out.

    It measures with the monotonic clock from when it first sees a change, because the wall clock
    may jump.
    """

    def __init__(self, pid, push_id):
        """Watch the push with that key and the child with that process id."""
        self._pid = pid
        self._push_id = push_id
        self._seen = {}  # by key: a value, and when it was first seen

    def look(self):
        """If the push should have ended, continue its processes, or kill them and end the push."""
        # The same child carries out the automatic rollback of its push.
        running = Push.objects.filter(
            Q(pk=self._push_id) | Q(rollback_of=self._push_id), state=State.RUNNING
        )
        now = time.monotonic()
        stopped_since = self._stopped_since(now)
        for push in running:
            late, state, reason = self._late(push, now, stopped_since)
            if late > PATIENCE:
                kill(self._pid)
                end(push, state, reason)
            elif late > WAKE or (stopped_since is not None and now - stopped_since > WAKE):
                wake(self._pid)

    def _stopped_since(self, now):
        """Return since when each look has found the child stopped; None if it runs now."""
        found = process_tree.status(self._pid)
        stopped = found is not None and found.stopped
        since = self._since("stopped", stopped, now)
        return since if stopped else None

    def _late(self, push, now, stopped_since):
        """Return how many seconds ago the push should have ended, in which state, and why.

        A stage can stop the child again and again, before the child stores that the stage started.
        So the time of a stopped child counts for the stage that is next.
        """
        late = [(0.0, State.FAILED, "")]
        begun = False
        if push.cancelled_by:
            since = self._since("cancelled", push.pk, push.cancelled_by, now)
            late.append((now - since, State.CANCELLED, f"cancelled by {push.cancelled_by}"))
        silent_since = self._since("log", push.pk, push.log_bytes, now)
        for planned, stage in zip(
            (push.snapshot or {}).get("stages", ()),
            (push.record or {}).get("stages", ()),
            strict=False,
        ):
            for host, run in (stage.get("hosts") or {"": stage}).items():
                key = ("run", push.pk, stage["name"], host)
                since = self._since(*key, (run["state"], run["started"]), now)
                if run["state"] == State.WAITING and not begun and stopped_since is not None:
                    since = stopped_since
                elif run["state"] != State.RUNNING:
                    continue
                begun = True
                for limit, began, what in [
                    (planned.get("timeout"), since, "after"),
                    (planned.get("idle_timeout"), max(since, silent_since), "after no output for"),
                ]:
                    if limit:
                        late.append(
                            (
                                now - began - limit,
                                State.FAILED,
                                f"{stage['name']} timed out {what} {render(limit)}",
                            )
                        )
        # A user's Cancel comes before any time-out.
        asked = [one for one in late if one[1] is State.CANCELLED and one[0] > WAKE]
        return max(asked or late, key=lambda one: one[0])

    def _since(self, *key_and_value):
        """Return when that key was first seen with that value."""
        *key, value, now = key_and_value
        before, since = self._seen.get(tuple(key), (None, now))
        if before != value:
            since = now
        self._seen[tuple(key)] = (value, since)
        return since


def end(push, state, reason):
    """Store how a push ended whose processes were killed, unless it has ended by itself."""
    reason = f"{reason}; its process did not answer and was killed"
    now = clock.now()
    record = Record.from_json(push.record) if push.record else None
    if record and record.state in (State.RUNNING, State.QUEUED):
        record = _ended(record, state, reason, now.timestamp())
    if record:
        state, reason = record.state, record.reason
    Push.objects.filter(pk=push.pk, state=State.RUNNING, worker=push.worker_id).update(
        state=state,
        reason=reason,
        ended=now,
        awaits="",
        record=record and record.to_json(),
        version=F("version") + 1,
    )


def _ended(record, state, reason, at):
    """Return the record of a push whose running stage ended so, or else the stage that was next."""
    runs = [
        (index, host, run)
        for index, stage in enumerate(record.stages)
        for host, run in (stage.hosts or {"": stage}).items()
    ]
    running = [each for each in runs if each[2].state is State.RUNNING]
    following = [each for each in runs if each[2].state is State.WAITING][:1]
    for index, host, run in running or following:
        record = record.after(
            StageEnded(
                at=at,
                stage=index,
                host=host,
                state=state,
                reason=reason,
                seconds=max(0.0, at - (at if run.started is None else run.started)),
            )
        )
    return record.after(PushEnded(at=at, state=state, reason=reason))
