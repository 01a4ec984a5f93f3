"""What users and scripts can do with pushes: start, roll back, resume, cancel, decide."""

from dataclasses import dataclass, field

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.masking.masker import SecretMasker
from bootstrapper.deploy.plan.rollback import settings_changed
from bootstrapper.errors import InputError
from bootstrapper.git_ref import check_ref
from django.db import IntegrityError, transaction
from django.db.models import F

import audit
from database import clock
from deployments.prepare import Refused, prepare_rows, secrets_of
from pushes import surveys, tasks
from pushes.queue import ring
from pushes.refusals import refuse_locked, refuse_moved

from .checkouts.keep import refusal
from .models import Push
from .rollback import is_live, target_of

COMMENT = 2000  # characters


class Busy(Refused):
    """Another push of the deployment is queued or running: `push`."""

    def __init__(self, push):
        """Name the user of the other push."""
        self.push = push
        super().__init__([f"{push.deployment} is being pushed by {push.user_name}."])


class Overtaken(Refused):
    """Something has changed since the user looked, so what the user asked for makes no sense."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A possible rollback from the live push to `target`.

    `settings` are the settings that would change, as lines `NAME: old -> new`.
    """

    target: Push
    live: Push | None
    settings: list[str] = field(default_factory=list)

    @property
    def shown(self):
        """The number of the live push as text, or "" if it is unknown."""
        return str(self.live.number) if self.live else ""


def queue_push(
    deployment, user, *, ref="", commit="", look=False, comment="", flags=None, skip=(), step=False
):
    """Queue a push of a ref (by default the branch), and return it.

    The worker resolves the ref when it begins the push. `commit` is the commit that the user saw;
    if the ref is at another one, nothing is pushed. With `look`, a worker first checks that the
    ref exists, so call this outside of a transaction. `flags` are values by name, and `skip` has
    names of stages. Raise Busy, Moved or Refused.
    """
    refuse_locked(deployment)
    _refuse_unfit(comment, ref, *skip, *(flags or {}), *map(str, (flags or {}).values()))
    push = Push(
        deployment=deployment,
        ref=ref.strip() or deployment.branch,
        commit=commit,
        comment=comment,
        flags=dict(flags or {}),
        skip=list(skip),
        step=step,
    )
    _refuse_invalid_ref(push.ref)
    resolves_git = True
    if not deployment.tied:
        prepared = prepare_rows(deployment, flags=flags, skip=skip)
        push.comment = prepared.mask(comment)
        push.flags = dict(prepared.flags)
        resolves_git = prepared.resolves_git
        push.snapshot = {
            "resolves_git": resolves_git,
            **prepared.plan(
                number=0, comment=push.comment, ref=push.ref, commit="", who=user.get_username()
            ).snapshot(code=True),
        }
    else:
        push.comment = SecretMasker(secrets_of(deployment)).mask(comment)
    if look and resolves_git:
        if active := deployment.pushes.active().first():
            raise Busy(active)  # do not wait for a worker first
        _refuse_unknown_ref(push)
    return _saved(push, user, _overrides(deployment, push))


def propose(deployment, to=None):
    """Return the Proposal of a rollback to the push `to`.

    By default that is the last push that succeeded before the live one. Raise Refused if there is
    none.
    """
    try:
        target, live = target_of(deployment, to)
    except InputError as error:
        raise Refused([f"{error.where}: {error.fault}."]) from None
    changed = []
    if live and live.pk:  # Rolf does not know the settings of a push of the command line
        changed = settings_changed(
            *((push.record or {}).get("settings", {}) for push in (live, target))
        )
    return Proposal(target=target, live=live, settings=changed)


def queue_rollback(deployment, user, *, to=None, shown=None, keep_settings=False, comment=""):
    """Queue a rollback to an earlier push, and return it. Raise Busy or Refused.

    `shown` is Proposal.shown of the page where the user asked for the rollback.
    """
    refuse_locked(deployment)
    _refuse_unfit(comment)
    proposal = propose(deployment, to)
    target, live = proposal.target, proposal.live
    if shown is not None and shown != proposal.shown:
        before, now = (
            f"push {number}" if number else "an unknown push" for number in (shown, proposal.shown)
        )
        raise Overtaken([f"Now {now} is live, no longer {before}. Nothing was rolled back."])
    if is_live(deployment, target):
        raise Refused([f"Push {target.number} is live already. Nothing was rolled back."])
    return _saved(
        Push(
            deployment=deployment,
            ref=target.ref,
            commit=target.commit,
            flags=target.flags,
            comment=comment or f"back to push {target.number}",
            rollback_to=target,
            rollback_of=live if live and live.pk else None,
            keep_settings=keep_settings,
        ),
        user,
    )


def resume(push, user, *, shown=None):
    """Queue a push again, from the stage where it stopped. Raise Busy or Refused.

    `shown` is the push's version on the page where the user asked for it, as text. In another
    version, the push may have stopped at another stage.
    """
    if shown is not None and shown != str(push.version):
        raise Overtaken(
            [
                "This push has changed since you opened the page, so it was not resumed. "
                "Check its state, then try again."
            ]
        )
    last = push.last_begun
    if not push.stopped:
        raise Refused(
            [
                f"Only a push that failed, was cancelled or was lost can be resumed. "
                f"State of this one: {push.effective_state}."
            ]
        )
    if last != push:
        raise Refused(
            [
                f"Only the last push can be resumed, which is push {last.number}."
                if last
                else "This push never began, so it cannot be resumed."
            ]
        )
    if pinned := refusal(push):
        raise Refused([pinned])
    refuse_locked(push.deployment)
    changed = Push.objects.filter(pk=push.pk, version=push.version)

    def queue():
        taken = changed.update(
            state=State.QUEUED,
            queued=clock.now(),
            claims=0,
            resumed=True,
            reason="",
            cancelled_by="",
            worker=None,
            ended=None,
            awaits="",
            decision="",
            version=push.version + 1,
        )
        if taken:
            _record("resumed", push, user)
        return taken

    taken = _alone(push.deployment, queue)
    if not taken:
        raise Overtaken(["This push has just changed, so it was not resumed."])
    push.refresh_from_db()
    ring(tasks.run_push, push.pk)
    return push


def cancel(push, user):
    """Cancel a push. A queued push ends now; its worker ends a running one. Raise Refused."""
    reason = f"cancelled by {user.get_username()}"
    now = clock.now()
    queued = Push.objects.filter(pk=push.pk, state=State.QUEUED)
    if queued.update(
        state=State.CANCELLED,
        reason=reason,
        cancelled_by=user.get_username(),
        ended=now,
        version=F("version") + 1,
    ):
        _record("cancelled", push, user)
        return
    running = Push.objects.filter(pk=push.pk, state=State.RUNNING)
    if not running.update(cancelled_by=user.get_username()):
        raise Overtaken(["This push has already ended."])
    _record("cancelled", push, user)


def decide(push, user, decision):
    """Decide about the stage that a push in step mode waits for. Raise Refused."""
    if decision not in ("run", "skip", "stop"):
        raise Refused(["The decision must be run, skip or stop."])
    waiting = Push.objects.filter(pk=push.pk, state=State.RUNNING, decision="").exclude(awaits="")
    if not waiting.filter(awaits=push.awaits).update(
        decision=decision, decided_by=user.get_username(), version=F("version") + 1
    ):
        raise Overtaken(["This push no longer waits for a decision."])
    _record("decided", push, user, decision=decision, stage=push.awaits)


def _refuse_invalid_ref(ref):
    """Raise Refused if the text cannot be a name of a branch, tag or commit."""
    try:
        check_ref(ref)
    except InputError as error:
        raise Refused([f"{error.where}: {error.fault}."]) from None


def _refuse_unknown_ref(push):
    """Raise Refused if the repository does not have the ref, or Moved if the ref has moved."""
    survey = surveys.look(push.deployment, push.ref)
    if survey and survey.fault:
        raise Refused([survey.fault])
    if survey:
        refuse_moved(push, survey.commit)


def _refuse_unfit(comment, *texts):
    """Raise Refused if the comment is too long, or a text cannot be in the environment."""
    if len(comment) > COMMENT:
        raise Refused([f"The comment has {len(comment):,} characters. The limit is {COMMENT:,}."])
    if any("\0" in text for text in (comment, *texts)):
        raise Refused(["A text has a NUL character, which an environment variable cannot have."])


def _overrides(deployment, push):
    """Return the names of what the push does otherwise than the deployment says.

    The names only: the value of a flag may be a secret.
    """
    defaults = {flag.name: flag.to_engine().default for flag in deployment.flags.all()}
    flags = [
        name
        for name, value in push.flags.items()
        if value != ("1" if defaults.get(name) is True else defaults.get(name) or "")
    ]
    return {
        name: value
        for name, value in [("flags", flags), ("skipped", push.skip), ("step", push.step)]
        if value
    }


def _record(action, push, user, **details):
    """Record an audit event about a push. Other details of it are in its row."""
    target = str(push.deployment)
    audit.record(f"push.{action}", user=user, target=target, push_id=push.pk, **details)


def _saved(push, user, overrides=None):
    """Insert the row and wake a worker. A constraint of the database allows one active push."""
    push.user, push.user_name = user, user.get_username()

    def save():
        push.save(force_insert=True)
        _record("rollback" if push.rollback_to_id else "queued", push, user)
        if overrides:
            _record("override", push, user, **overrides)

    _alone(push.deployment, save)
    ring(tasks.run_push, push.pk)
    return push


def _alone(deployment, change):
    """Make a change that makes a push active, and return its result. Raise Busy.

    If the other push has ended before it could be named, make the change again.
    """
    for _ in range(2):
        try:
            with transaction.atomic():
                return change()
        except IntegrityError:
            if active := deployment.pushes.active().first():
                raise Busy(active) from None
    return change()
