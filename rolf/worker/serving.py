"""What a deployment's target serves, which others may have pushed there."""

from bootstrapper.deploy.events.times import iso_time
from bootstrapper.deploy.plan.rollback import live_push, release_served
from bootstrapper.deploy.push.register import merge_records
from bootstrapper.errors import BootstrapperError

from pushes.rollback import records_of


def look(deployment, targets):
    """Keep what the first target serves, if that isn't what was pushed from here last.

    Where it can't be asked, what was known stays.
    """
    try:
        targets.wait()
    except BootstrapperError:
        return
    host, state = next(iter(targets.states.items()), ("", None))
    if state is None or not state.current.isdecimal():
        return
    # Its pushes.log says which pushes left this host out; Rolf's light records don't.
    current = release_served(merge_records((), state.records, held_by=None),
                             {host: int(state.current)})
    records = records_of(deployment)
    ours = live_push(records, None)
    theirs = live_push(merge_records(records, state.records, held_by=None), current)
    served = None
    if theirs is None:  # it says nothing about it
        served = _told(current)
    elif ours is None or theirs.id != ours.id:
        served = _told(theirs.id, theirs)
    if served != deployment.served:
        deployment.served = served
        deployment.save(update_fields=["served"])


def _told(number, record=None):
    """Return what Deployment.served keeps."""
    if record is None:
        return {"number": number, "commit": "", "ref": "", "by": "", "at": ""}
    return {"number": number, "commit": record.commit, "ref": record.ref,
            "by": f"{record.user}@{record.machine}".strip("@"),
            "at": iso_time(record.ended or record.started) or ""}
