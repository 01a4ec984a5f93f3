"""Which push a rollback returns to: the engine's rule, over what the database tells of pushes."""

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record, StageRecord
from bootstrapper.deploy.plan.rollback import live_push as live_record
from bootstrapper.deploy.plan.rollback import propose_rollback
from django.utils.dateparse import parse_datetime

from .models import Push

ENOUGH = 200  # pushes that worked, or nearly: the one before the live one is among the newest


def live_push(deployment):
    """Return the push whose code is live, None if nobody knows.

    What the target was seen to serve counts more than what was pushed from here last. A push of
    the command line's has no row: it comes with its number, commit and who, and no key.
    """
    records, current = _known(deployment)
    return _push(deployment, live_record(records, current))


def is_live(deployment, push):
    """Return whether a push's code is what visitors see, as far as Rolf can be sure.

    It is not where a later push failed without a stage that switches: nobody knows how much of its
    code is live.
    """
    live = live_push(deployment)
    code = push.rollback_to or push
    if live is None or live.number != code.number:
        return False
    last = deployment.pushes.gone_live().order_by("-number").first()
    return not deployment.pushes.filter(
        switches=False, number__gt=last.number if last else 0,
        state__in=(State.FAILED, State.CANCELLED, State.LOST)).exists()


def target_of(deployment, wanted=None):
    """Return (target, live): the push to return to, and the one to return from or None.

    `wanted` is a push; without one it is the last that worked before the live one. Raises the
    engine's InputError if there is none.
    """
    records, current = _known(deployment, wanted)
    proposal = propose_rollback(records, current=current, wanted=wanted.number if wanted else None)
    return _push(deployment, proposal.target), _push(deployment, proposal.live)


def records_of(deployment, besides=None):
    """Return what the rule asks of each push, newest first, without what is heavy."""
    pushes = deployment.pushes.exclude(number=None).order_by("-number")
    told = ("number", "state", "switched", "rollback_to__number")
    found = list(pushes.gone_live().values_list(*told)[:ENOUGH])
    if besides and besides.number not in {number for number, *_ in found}:
        found += pushes.filter(pk=besides.pk).values_list(*told)
    return [Record(id=number, state=State(state), rollback_to=rollback_to,
                   stages=(StageRecord(name="", switches=True, started=0.0),) if switched else ())
            for number, state, switched, rollback_to in found]


def _known(deployment, besides=None):
    """Return records with what the target was seen to serve, and its number."""
    records = records_of(deployment, besides)
    if not deployment.served:
        return records, None
    number = deployment.served["number"]
    if number not in {record.id for record in records}:
        records.append(Record(id=number, state=State.SUCCEEDED))
        records.sort(key=lambda record: -record.id)
    return records, number


def _push(deployment, record):
    if record is None:
        return None
    found = deployment.pushes.listed().filter(number=record.id).first()
    return found or foreign(deployment)


def foreign(deployment):
    """Return the push that the target was seen to serve, as far as it told; it has no row here."""
    told = deployment.served
    return Push(deployment=deployment, number=told["number"], commit=told["commit"],
                ref=told["ref"], user_name=told["by"], state=State.SUCCEEDED,
                created=parse_datetime(told["at"]), ended=parse_datetime(told["at"]))
