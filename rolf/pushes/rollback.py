"""Which push a rollback returns to: the engine's rule, over what the database tells of pushes."""

from bootstrapper.deploy.event import State
from bootstrapper.deploy.journal.record import Record, StageRecord
from bootstrapper.deploy.rollback import live_push as live_record
from bootstrapper.deploy.rollback import propose

ENOUGH = 200  # pushes that worked, or nearly: the one before the live one is among the newest


def live_push(deployment, current=None):
    """Return the push whose code is live, None if nobody knows.

    `current` is the number of the release that the target serves, where that is known.
    """
    record = live_record(_records(deployment), current)
    return _push(deployment, record) if record else None


def target_of(deployment, wanted=None, current=None):
    """Return (target, live): the push to return to, and the one to return from or None.

    `wanted` is a push; without one it is the last that worked before the live one. Raises the
    engine's InputError if there is none.
    """
    proposal = propose(_records(deployment, wanted), current=current,
                       wanted=wanted.number if wanted else None)
    return (_push(deployment, proposal.target),
            _push(deployment, proposal.live) if proposal.live else None)


def _records(deployment, besides=None):
    """Return what the rule asks of each push, newest first, without what is heavy."""
    pushes = deployment.pushes.exclude(number=None).order_by("-number")
    told = ("number", "state", "switched", "rollback_to__number")
    found = list(pushes.gone_live().values_list(*told)[:ENOUGH])
    if besides and besides.number not in {number for number, *_ in found}:
        found += pushes.filter(pk=besides.pk).values_list(*told)
    return [Record(id=number, state=State(state), rollback_to=rollback_to,
                   stages=(StageRecord(name="", switches=True, started=0.0),) if switched else ())
            for number, state, switched, rollback_to in found]


def _push(deployment, record):
    return deployment.pushes.listed().get(number=record.id)
