"""The journal of a push, as rows of the database."""

import time
from datetime import UTC, datetime

from bootstrapper.deploy.events.event import (
    Note,
    Output,
    PushStarted,
    StageEvent,
    StageStarted,
)
from bootstrapper.deploy.events.record import Record, fold
from django.db import transaction
from django.db.models import F

from database.retry import ignore_outage, retry

from ..models import DONE, LogChunk, Push

FLUSH = 0.25  # seconds that output is buffered
CHUNK = 256 * 1024  # bytes that are buffered
ASK = 0.25  # seconds between two queries whether a user has cancelled the push
NOTE = "note"


class DatabaseJournal:
    """The journal of a push of this worker. `directory` has its checkout and its code.

    Output is buffered for up to FLUSH seconds or CHUNK bytes. Any other event is written at once,
    after the buffered output. While the database does not answer, the journal retries, and calls
    `meanwhile` before each retry. If another worker has taken over the push, because this one
    seemed dead, the journal writes nothing more and reports the push as cancelled.

    Only `end` marks the push as ended. Until then no other push can begin, except its automatic
    rollback.
    """

    def __init__(self, push, directory, meanwhile=lambda: None):
        """Continue at the end of the log."""
        self.directory = directory
        self._meanwhile = meanwhile
        self.push = push
        self._record = fold({**push.snapshot, "id": push.number}, ())
        if push.record:
            self._record = Record.from_json(push.record)
        last = retry(push.chunks.order_by("-sequence").only("sequence", "data").first, meanwhile)
        self._sequence = last.sequence + 1 if last else 0
        self._bytes, self._lines = push.log_bytes, push.log_lines
        self._data, self._spans = bytearray(), []
        self._open = None  # the source of an incomplete last line
        if last and not bytes(last.data).endswith(b"\n"):
            self._open = ("",)
        self._first_line = self._lines
        self._marks = dict(push.marks)
        self._switches = [stage.get("switches") for stage in push.snapshot["stages"]]
        self._flushed, self._asked = 0.0, time.monotonic()
        self._why = ""

    def record(self):
        """Return the current Record of the push."""
        return self._record

    def write(self, event):
        """Record an event."""
        match event:
            case Output():
                self._append(event.data, event.stage, str(event.stream), event.at, event.host)
                if len(self._data) >= CHUNK:
                    self.flush()
                return
            case Note():
                self._append(event.text.encode() + b"\n", event.stage, NOTE, event.at, event.host)
            case PushStarted():
                # Stages that a resumed push runs again get new marks.
                self._marks = {
                    index: mark
                    for index, mark in self._marks.items()
                    if self._record.stages[int(index)].state in DONE
                }
            case StageStarted():
                self._mark(event.stage, "line")
        self._record = self._record.after(event)
        self._update(event)

    def finish(self, record):
        """Write the final Record."""
        self._record = record
        self.flush(record=record.to_json())

    def end(self, more="", then=lambda: None):
        """Mark the push as ended. `more` is added to the reason.

        Call `then` in the same transaction. Raise WorkFailed.
        """
        record = self._record
        fields = {
            "state": record.state,
            "ended": _time(record.ended),
            "reason": "; ".join(filter(None, [record.reason, more])),
        }

        @transaction.atomic
        def write():
            if self._write(fields):
                then()

        retry(write, self._meanwhile, lambda: self._has_ended(fields["state"]))

    def cancelled(self):
        """Return why the push must stop: a user or another worker; "" if it need not."""
        now = time.monotonic()
        if not self._why and now - self._asked >= ASK:
            self._asked = now
            with ignore_outage():
                row = self._row().values_list("cancelled_by", flat=True).first()
                self._why = (
                    "another worker took over the push"
                    if row is None
                    else f"cancelled by {row}"
                    if row
                    else ""
                )
        return self._why

    def wait(self):
        """Keep the locks on the hosts while a user decides."""
        self._meanwhile()
        self.tick()

    def tick(self):
        """Write output that has been buffered for long enough."""
        if self._data and time.monotonic() - self._flushed >= FLUSH:
            self.flush()

    def flush(self, **fields):
        """Write the buffered output and `fields` of the push. Raise WorkFailed."""
        written = retry(lambda: self._write(fields), self._meanwhile, self._has_chunk)
        written = written is None or written
        if self._data:  # after a pause, the first line is written at once
            self._flushed = time.monotonic()
        if written and self._data:
            self._sequence += 1
            self._bytes += len(self._data)
            self._first_line = self._lines
            self._data, self._spans = bytearray(), []

    def _update(self, event):
        fields = {"record": self._record.to_json(), "commit": self._record.commit}
        if isinstance(event, PushStarted):
            fields |= {"state": self._record.state, "started": _time(self._record.started)}
        if (
            isinstance(event, StageEvent)
            and self._switches[event.stage]
            and isinstance(event, StageStarted)
        ):
            fields["switched"] = True
        self.flush(**fields)

    @transaction.atomic
    def _write(self, fields):
        """Write output and fields. Return False if another worker has taken over the push."""
        if self._data:
            fields = {
                **fields,
                "log_lines": self._lines,
                "marks": self._marks,
                "log_bytes": self._bytes + len(self._data),
            }
        if not fields:
            return True
        if not self._row().update(
            version=F("version") + 1,
            marks=self._marks,
            **{name: value for name, value in fields.items() if name != "marks"},
        ):
            self._why = "another worker took over the push"
            return False
        if self._data:
            data = bytes(self._data)
            LogChunk.objects.create(
                push=self.push,
                sequence=self._sequence,
                offset=self._bytes,
                data=data,
                first_line=self._first_line,
                last_line=self._lines,
                spans=self._spans,
            )
        return True

    def _row(self):
        return Push.objects.filter(
            pk=self.push.pk, state=Push.State.RUNNING, worker=self.push.worker_id
        )

    def _has_chunk(self):
        """Return whether an earlier attempt has stored the buffered output, and the row with it."""
        return bool(self._data) and self.push.chunks.filter(sequence=self._sequence).exists()

    def _has_ended(self, state):
        """Return whether an earlier attempt has stored the end of the push."""
        ended = Push.objects.filter(pk=self.push.pk, state=state, worker=self.push.worker_id)
        return ended.exclude(ended=None).exists()

    def _append(self, data, stage, stream, at, host):
        source = (stage, host, stream)
        if self._open not in (None, source):
            self._add(b"\n", self._spans[-1][1:] if self._spans else [stage, stream, at, host])
        if stream == "stderr":
            self._mark(stage, "error")
        self._add(data, [stage, stream, round(at, 3), host])
        self._open = None if data.endswith(b"\n") else source

    def _add(self, data, source):
        if self._spans and self._spans[-1][1:] == source:
            self._spans[-1][0] += len(data)
        else:
            self._spans.append([len(data), *source])
        self._data += data
        self._lines += data.count(b"\n")

    def _mark(self, stage, what):
        mark = self._marks.setdefault(str(stage), {})
        mark.setdefault(what, self._lines + (self._open is not None and what == "line"))


def _time(seconds):
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
