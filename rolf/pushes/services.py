"""What people may ask for: a push, a rollback, a resume, an end."""

from dataclasses import dataclass, field

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.masking.masker import SecretMasker
from bootstrapper.deploy.plan.rollback import settings_changed
from bootstrapper.errors import InputError
from bootstrapper.git_ref import check_ref
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from deployments.prepare import Refused, prepare_rows, secrets_of
from pushes import surveys, tasks
from pushes.refusals import refuse_closed, refuse_moved

from .models import ACTIVE, Push
from .rollback import is_live, target_of

COMMENT = 2000  # characters


class Busy(Refused):
    """Another push of the deployment waits or runs: `push`."""

    def __init__(self, push):
        """Say who pushes."""
        self.push = push
        super().__init__([f"{push.deployment} is being pushed by {push.user_name}."])




@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Return from the push that is live to `target`; `settings` are lines `NAME: old -> new`."""

    target: Push
    live: Push | None
    settings: list[str] = field(default_factory=list)

    @property
    def shown(self):
        """The number of the live push, as text; "" where nobody knows."""
        return str(self.live.number) if self.live else ""


def push(deployment, user, *, ref="", commit="", look=False, comment="", flags=None, skip=(),
         step=False):
    """Ask for a push of what the ref (the branch, if empty) is when the worker comes to it.

    `commit` is the one that was shown: where the ref is at another one, nothing is pushed. With
    `look`, a worker first looks whether the ref is there, so call this outside of a transaction.
    `flags` are values by name, `skip` names of stages. Raises Busy, Moved, Refused.
    """
    refuse_closed(deployment)
    _refuse_unfit(comment, ref, *skip, *(flags or {}), *map(str, (flags or {}).values()))
    asked = Push(deployment=deployment, ref=ref.strip() or deployment.branch, commit=commit,
                 comment=comment, flags=dict(flags or {}), skip=list(skip), step=step)
    _refuse_ref(asked.ref)
    resolves_git = True
    if not deployment.tied:
        prepared = prepare_rows(deployment, flags=flags, skip=skip)
        asked.comment = prepared.mask(comment)
        asked.flags = dict(prepared.flags)
        resolves_git = prepared.resolves_git
        asked.snapshot = {"resolves_git": resolves_git, **prepared.plan(
            number=0, comment=asked.comment, ref=asked.ref, commit="",
            who=user.get_username()).snapshot(code=True)}
    else:
        asked.comment = SecretMasker(secrets_of(deployment)).mask(comment)
    if look and resolves_git:
        if active := deployment.pushes.filter(state__in=ACTIVE).first():
            raise Busy(active)  # before anybody waits for a worker
        _refuse_elsewhere(asked)
    return _queued(asked, user)


def proposal(deployment, to=None):
    """Return what a rollback would do: to the push `to`, or the last that worked before.

    Raises Refused if there is none.
    """
    try:
        target, live = target_of(deployment, to)
    except InputError as error:
        raise Refused([f"{error.where}: {error.fault}."]) from None
    changed = []
    if live and live.pk:  # of what was pushed by command line nobody here knows the settings
        changed = settings_changed(
            *((one.record or {}).get("settings", {}) for one in (live, target)))
    return Proposal(target=target, live=live, settings=changed)


def rollback(deployment, user, *, to=None, shown=None, keep_settings=False, comment=""):
    """Ask for the return to an earlier push. Raises Busy, Refused.

    `shown` is the number of the push that was shown as live, as text, "" where nobody knew.
    """
    refuse_closed(deployment)
    _refuse_unfit(comment)
    proposed = proposal(deployment, to)
    target, live = proposed.target, proposed.live
    if shown is not None and shown != proposed.shown:
        was, now = (f"push {one}" if one else "an unknown push" for one in (shown, proposed.shown))
        raise Refused([f"By now {now} is live, no longer {was}. Nothing was rolled back."])
    if is_live(deployment, target):
        raise Refused([f"Push {target.number} is live already, so there is nothing to return to."])
    return _queued(Push(
        deployment=deployment, ref=target.ref, commit=target.commit, flags=target.flags,
        comment=comment or f"back to push {target.number}", rollback_to=target,
        rollback_of=live if live and live.pk else None, keep_settings=keep_settings), user)


def resume(push, user, *, shown=None):
    """Ask that a push goes on from the stage where it stopped. Raises Busy, Refused.

    `shown` is its version that was shown, as text: another one may have stopped elsewhere.
    """
    if shown is not None and shown != str(push.version):
        raise Refused(["It has changed since its page was shown, so it wasn't resumed. "
                       "Look where it stands now."])
    last = push.last_begun
    if push.effective_state not in (State.FAILED, State.CANCELLED, State.LOST):
        raise Refused([f"It can't be resumed: it is {push.effective_state}."])
    if last != push:
        raise Refused([f"Only the last push can be resumed, which is push {last.number}."
                            if last else "It never began."])
    refuse_closed(push.deployment)
    changed = Push.objects.filter(pk=push.pk, version=push.version)
    try:
        with transaction.atomic():
            taken = changed.update(
                state=State.QUEUED, resumed=True, reason="", cancelled_by="", worker=None,
                ended=None, awaits="", decision="", version=push.version + 1)
    except IntegrityError:
        raise _in_the_way(push.deployment) from None
    if not taken:
        raise Refused(["It has changed meanwhile."])
    push.refresh_from_db()
    _enqueue(push)
    return push


def cancel(push, user):
    """Ask that a push ends: at once where none has begun it. Raises Refused."""
    who = f"cancelled by {user.get_username()}"
    now = timezone.now()
    queued = Push.objects.filter(pk=push.pk, state=State.QUEUED)
    if queued.update(state=State.CANCELLED, reason=who, cancelled_by=user.get_username(),
                     ended=now, version=F("version") + 1):
        return
    running = Push.objects.filter(pk=push.pk, state=State.RUNNING)
    if not running.update(cancelled_by=user.get_username()):
        raise Refused(["It has ended already."])


def decide(push, user, decision):
    """Answer what a push in step mode asks: run, skip or stop. Raises Refused."""
    if decision not in ("run", "skip", "stop"):
        raise Refused(["The answer is run, skip or stop."])
    asking = Push.objects.filter(pk=push.pk, state=State.RUNNING, decision="").exclude(awaits="")
    if not asking.filter(awaits=push.awaits).update(
            decision=decision, decided_by=user.get_username(), version=F("version") + 1):
        raise Refused(["It doesn't ask any more."])






def _refuse_ref(ref):
    """Refuse what git could not take for the name of a branch, tag or commit."""
    try:
        check_ref(ref)
    except InputError as error:
        raise Refused([f"{error.where}: {error.fault}."]) from None


def _refuse_elsewhere(asked):
    """Refuse what the repository doesn't have; and a ref that has moved since it was shown."""
    found = surveys.look(asked.deployment, asked.ref)
    if found and found.fault:
        raise Refused([found.fault])
    if found:
        refuse_moved(asked, found.commit)




def _refuse_unfit(comment, *texts):
    """Refuse what no stage could be given, or no list could show."""
    if len(comment) > COMMENT:
        raise Refused([f"The comment has {len(comment):,} characters; {COMMENT:,} are the most."])
    if any("\0" in text for text in (comment, *texts)):
        raise Refused(["It holds a NUL, which no environment variable can."])


def _queued(asked, user):
    """Keep the row, unless another push is active: the database sees to it."""
    asked.user, asked.user_name = user, user.get_username()
    try:
        with transaction.atomic():
            asked.save(force_insert=True)
    except IntegrityError:
        raise _in_the_way(asked.deployment) from None
    _enqueue(asked)
    return asked


def _in_the_way(deployment):
    """Return what to raise where another push is active, or was just now."""
    active = deployment.pushes.filter(state__in=ACTIVE).first()
    return Busy(active) if active else Refused(["Another push has ended just now: ask again."])


def _enqueue(push):
    # Once the row is there for the worker, and not at all if the transaction fails.
    transaction.on_commit(lambda: tasks.run_push.enqueue(push.pk))

