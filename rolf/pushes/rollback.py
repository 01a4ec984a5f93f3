"""Which push is live, and which push a rollback returns to.

The engine has the rule. This module applies it to the rows of the database.
"""

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record, StageRecord
from bootstrapper.deploy.plan.rollback import live_push as live_record
from bootstrapper.deploy.plan.rollback import propose_rollback
from django.utils.dateparse import parse_datetime

from .models import Push

ENOUGH = 200  # newest pushes that went live; the push before the live one is among them


def live_push(deployment):
    """Return the push whose release is live, or None if that is unknown.

    The release that the host was last seen to serve counts more than the last push of Rolf. A push
    that the command line made has no row, and so the returned Push has no primary key then.
    """
    records, current = _known(deployment)
    return _push(deployment, live_record(records, current))


def is_live(deployment, push):
    """Return whether the release of a push is certainly live.

    It is not certain if a later push without a stage that switches failed: such a push may have
    changed any part of the live code.
    """
    live = live_push(deployment)
    code = push.rollback_to or push
    if live is None or live.number != code.number:
        return False
    last = deployment.pushes.gone_live().order_by("-number").first()
    return not deployment.pushes.filter(
        switches=False,
        number__gt=last.number if last else 0,
        state__in=(State.FAILED, State.CANCELLED, State.LOST),
    ).exists()


def target_of(deployment, wanted=None):
    """Return (target, live): the push to return to, and the live push or None.

    `wanted` is the push to return to; by default it is the last that succeeded before the live
    one. Raise the engine's InputError if there is none.
    """
    records, current = _known(deployment, wanted)
    proposal = propose_rollback(records, current=current, wanted=wanted.number if wanted else None)
    return _push(deployment, proposal.target), _push(deployment, proposal.live)


def records_of(deployment, besides=None):
    """Return the records of pushes that went live, newest first, and that of the push `besides`.

    The records have only the fields that the engine's rule reads.
    """
    pushes = deployment.pushes.exclude(number=None).order_by("-number")
    fields = ("number", "state", "switched", "rollback_to__number")
    found = list(pushes.gone_live().values_list(*fields)[:ENOUGH])
    if besides and besides.number not in {number for number, *_ in found}:
        found += pushes.filter(pk=besides.pk).values_list(*fields)
    return [
        Record(
            id=number,
            state=State(state),
            rollback_to=rollback_to,
            stages=(StageRecord(name="", switches=True, started=0.0),) if switched else (),
        )
        for number, state, switched, rollback_to in found
    ]


def foreign(deployment):
    """Return an unsaved Push for the release that the host was last seen to serve.

    The command line made that push, so Rolf has no row of it.
    """
    served = deployment.served
    return Push(
        deployment=deployment,
        number=served["number"],
        commit=served["commit"],
        ref=served["ref"],
        user_name=served["by"],
        state=State.SUCCEEDED,
        created=parse_datetime(served["at"]),
        ended=parse_datetime(served["at"]),
    )


def _known(deployment, besides=None):
    """Return (records, number of the release that the host was seen to serve or None)."""
    records = records_of(deployment, besides)
    if not deployment.served:
        return records, None
    number = deployment.served["number"]
    if number not in {record.id for record in records}:
        records.append(Record(id=number, state=State.SUCCEEDED))
        records.sort(key=lambda record: -record.id)
    return records, number


def _push(deployment, record):
    """Return the Push of a record, or None if the record is None."""
    if record is None:
        return None
    found = deployment.pushes.listed().filter(number=record.id).first()
    return found or foreign(deployment)
