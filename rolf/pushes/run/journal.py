"""The journal of a push as rows, and all pushes of a deployment."""

import shutil
import time
from datetime import UTC, datetime

from bootstrapper.deploy.events.event import (
    Note,
    Output,
    PushStarted,
    StageEvent,
    StageStarted,
    State,
)
from bootstrapper.deploy.events.record import Record, fold
from bootstrapper.deploy.journal.store import code_files
from bootstrapper.deploy.plan.plan import Plan
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone

from deployments.prepare import directory

from ..models import LogChunk, Push
from .db_retry import ignore_outage, retry_write

FLUSH = 0.25  # seconds that a line may wait for others
CHUNK = 256 * 1024  # bytes that don't wait
ASK = 0.25  # seconds between two looks whether somebody cancelled it
NOTE = "note"
DONE = (State.SUCCEEDED, State.SKIPPED)


class DatabaseJournal:
    """The journal of a push whose row is this worker's; `directory` holds its checkout and code.

    Output waits up to FLUSH seconds, or until it fills a chunk; whatever else happens is kept at
    once, and what was said before it as well. While the database is away it waits, and calls
    `meanwhile` again and again. A push that is no longer this worker's (it was thought dead) is
    not written to any more, and cancelled.

    That a push has ended is told by `end`: until then nobody else's can begin, and what follows
    its failure may.
    """

    def __init__(self, push, directory, meanwhile=lambda: None):
        """Go on where the log ends."""
        self.directory = directory
        self._meanwhile = meanwhile
        self.push = push
        self._record = fold({**push.snapshot, "id": push.number}, ())
        if push.record:
            self._record = Record.from_json(push.record)
        last = push.chunks.order_by("-sequence").only("sequence", "data").first()
        self._sequence = last.sequence + 1 if last else 0
        self._bytes, self._lines = push.log_bytes, push.log_lines
        self._data, self._spans = bytearray(), []
        self._open = None  # the source of the line that the log ends within
        if last and not bytes(last.data).endswith(b"\n"):
            self._open = ("",)
        self._first_line = self._lines
        self._marks = dict(push.marks)
        self._switches = [stage.get("switches") for stage in push.snapshot["stages"]]
        self._flushed, self._asked = 0.0, time.monotonic()
        self._why = ""

    def record(self):
        """Return what is known of the push now."""
        return self._record

    def write(self, event):
        """Keep one more event."""
        match event:
            case Output():
                self._append(event.data, event.stage, str(event.stream), event.at, event.host)
                if len(self._data) >= CHUNK:
                    self.flush()
                return
            case Note():
                self._append(event.text.encode() + b"\n", event.stage, NOTE, event.at, event.host)
            case PushStarted():
                # Where a stage of a push that is resumed runs again, its first run is over.
                self._marks = {index: mark for index, mark in self._marks.items()
                               if self._record.stages[int(index)].state in DONE}
            case StageStarted():
                self._mark(event.stage, "line")
        self._record = self._record.after(event)
        self._update(event)

    def finish(self, record):
        """Keep how the push ended."""
        self._record = record
        self.flush(record=record.to_json())

    def end(self, more="", then=lambda: None):
        """Tell that the push has ended; `more` is what else there is to be said about it.

        What `then` changes in the database is kept in the same step. Raises WorkFailed.
        """
        record = self._record
        told = {"state": record.state, "ended": _time(record.ended),
                "reason": "; ".join(filter(None, [record.reason, more]))}
        return retry_write(lambda: (self._keep(told), then())[1], self._meanwhile)

    def cancelled(self):
        """Return who asked to cancel the push, in words."""
        now = time.monotonic()
        if not self._why and now - self._asked >= ASK:
            self._asked = now
            with ignore_outage():
                row = self._mine().values_list("cancelled_by", flat=True).first()
                self._why = ("the push was taken away from its worker" if row is None else
                             f"cancelled by {row}" if row else "")
        return self._why

    def wait(self):
        """Keep the locks on the hosts, while a person decides."""
        self._meanwhile()
        self.tick()

    def tick(self):
        """Keep what has waited long enough."""
        if self._data and time.monotonic() - self._flushed >= FLUSH:
            self.flush()

    def flush(self, **fields):
        """Keep what was said, and `fields` of the push. Raises WorkFailed if that can't be."""
        kept = retry_write(lambda: self._keep(fields), self._meanwhile)
        if self._data:  # the first line after a silence waits for no other
            self._flushed = time.monotonic()
        if kept and self._data:
            self._sequence += 1
            self._bytes += len(self._data)
            self._first_line = self._lines
            self._data, self._spans = bytearray(), []

    def _update(self, event):
        fields = {"record": self._record.to_json(), "commit": self._record.commit}
        if isinstance(event, PushStarted):
            fields |= {"state": self._record.state, "started": _time(self._record.started)}
        if isinstance(event, StageEvent) and self._switches[event.stage] and isinstance(
                event, StageStarted):
            fields["switched"] = True
        self.flush(**fields)

    def _keep(self, fields):
        """Write it all; False where the push is no longer ours."""
        if self._data:
            fields = {**fields, "log_lines": self._lines, "marks": self._marks,
                      "log_bytes": self._bytes + len(self._data)}
        if not fields:
            return True
        if not self._mine().update(version=F("version") + 1, marks=self._marks,
                                   **{name: value for name, value in fields.items()
                                      if name != "marks"}):
            self._why = "the push was taken away from its worker"
            return False
        if self._data:
            data = bytes(self._data)
            LogChunk.objects.create(
                push=self.push, sequence=self._sequence, offset=self._bytes, data=data,
                first_line=self._first_line, last_line=self._lines, spans=self._spans)
        return True

    def _mine(self):
        return Push.objects.filter(pk=self.push.pk, state=Push.State.RUNNING,
                                   worker=self.push.worker_id)

    def _append(self, data, stage, stream, at, host):
        source = (stage, host, stream)
        if self._open not in (None, source):
            self._add(b"\n", self._spans[-1][1:] if self._spans else [stage, stream, at, host])
        if stream == "stderr":
            self._mark(stage, "error")
        self._add(data, [stage, stream, round(at, 3), host])
        self._open = None if data.endswith(b"\n") else source

    def _add(self, data, told):
        if self._spans and self._spans[-1][1:] == told:
            self._spans[-1][0] += len(data)
        else:
            self._spans.append([len(data), *told])
        self._data += data
        self._lines += data.count(b"\n")

    def _mark(self, stage, what):
        mark = self._marks.setdefault(str(stage), {})
        mark.setdefault(what, self._lines + (self._open is not None and what == "line"))


def _time(seconds):
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


ENOUGH = 50  # of the newest that worked, among which the one before the live one is


class DatabasePushStore:
    """The pushes of a deployment; `push` is the row of the one that runs.

    Journals call `meanwhile` while they wait for the database.
    """

    def __init__(self, push, meanwhile):
        """Remember whose pushes they are."""
        self.push = push
        self._meanwhile = meanwhile
        self._deployment = push.deployment
        self._home = directory(push.deployment) / ".deploy" / "pushes"

    def sweep(self, running):
        """Remove checkouts but that of the last push, if it may be resumed."""
        last = self._deployment.pushes.exclude(number=None).order_by("-number").values_list(
            "number", "state").first()
        keep = {str(self.push.number)}
        if last and last[1] != State.SUCCEEDED:
            keep.add(str(last[0]))
        if self._home.is_dir():
            for old in self._home.iterdir():
                if old.name not in keep:
                    shutil.rmtree(old, ignore_errors=True)

    def pushes(self, running, deployment):
        """Return records, newest first, as far back as a rollback asks for them."""
        rows = self._deployment.pushes.gone_live().exclude(record=None).exclude(number=None)
        return [Record.from_json(record) for record in
                rows.order_by("-number").values_list("record", flat=True)[:ENOUGH]]

    def last_id(self):
        """Return the highest number that a push was ever given."""
        return self._deployment.pushes.aggregate(last=Max("number"))["last"] or 0

    def create(self, plan, undoes):
        """Begin the journal of the push. Raise FileExistsError if its number is taken.

        `undoes` is the journal of the push that failed, if this one is its automatic rollback: it
        ends in the same transaction, so that no other push gets in between.
        """
        begun = {"number": plan.id, "commit": plan.commit, "ref": plan.ref,
                 "switches": any(stage.switches for stage in plan.stages)}
        try:
            if undoes is not None:
                self.push = undoes.end(then=lambda: self._rollback(plan, begun, undoes.push))
            else:
                with transaction.atomic():
                    self._begin(plan, begun)
        except IntegrityError:
            if self._deployment.pushes.filter(number=plan.id).exists():
                raise FileExistsError(plan.id) from None
            raise
        return self.reopen(plan)

    def _begin(self, plan, begun):
        """Give the push that was asked for its number."""
        begun["snapshot"] = {**(self.push.snapshot or {}), **plan.snapshot(code=True)}
        for name, value in begun.items():
            setattr(self.push, name, value)
        self.push.save(update_fields=list(begun))

    def _rollback(self, plan, begun, failed):
        """Return the new row of an automatic rollback."""
        # What came before may have been pushed by command line, and have no row.
        target = self._deployment.pushes.filter(number=plan.rollback_to).first()
        return Push.objects.create(
            deployment=self._deployment, state=State.RUNNING, user=failed.user,
            user_name=failed.user_name, comment=plan.comment, rollback_to=target,
            rollback_of=failed, worker=failed.worker, started=timezone.now(),
            snapshot=plan.snapshot(code=True), **begun)

    def directory(self, number):
        """Return the directory of a push on this machine."""
        return self._home / str(number)

    def reopen(self, plan):
        """Return the journal of the push, its stages' code in files."""
        home = self.directory(plan.id)
        stages = home / "stages"
        stages.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, code in code_files(plan).items():
            file = stages / name
            file.write_text(code, encoding="utf-8", newline="")
            file.chmod(0o700)
        Push.objects.filter(pk=self.push.pk).update(version=F("version") + 1)
        return DatabaseJournal(self.push, home, self._meanwhile)

    def plan(self, number, secrets):
        """Return what a push was, with today's secrets; None if that isn't kept."""
        push = self._deployment.pushes.filter(number=number).first()
        return Plan.restored(push.snapshot, secrets) if push and push.snapshot else None
