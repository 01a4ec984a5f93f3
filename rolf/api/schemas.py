"""What the API takes and gives."""

from datetime import datetime
from typing import Literal

from bootstrapper.deploy.events.event import State
from django.urls import reverse
from ninja import Field, Schema

from deployments.models import Level
from deployments.redaction import discretion
from pushes.services import COMMENT


class Deployment(Schema):
    """A deployment that the token sees; `level` is what the token may do."""

    id: int
    application: str
    name: str
    category: str
    description: str
    branch: str
    level: str
    closed: str = Field(description="why nobody may push now, or empty")
    deprecated: bool
    url: str = Field(description="its page")

    @classmethod
    def of(cls, deployment, request, **more):
        """Return it as JSON has it; `application__category` is there already."""
        return cls(
            id=deployment.pk, application=deployment.application.name, name=deployment.name,
            category=deployment.application.category.name, description=deployment.description,
            branch=deployment.branch, closed=_closed(deployment), deprecated=deployment.deprecated,
            level=Level(request.access.level(deployment)).label,
            url=request.build_absolute_uri(deployment.get_absolute_url()), **more)


class Deployments(Schema):
    """A page of them; `next` is the address of the next one."""

    items: list[Deployment]
    next: str | None


class Flag(Schema):
    """What a push may be told."""

    name: str
    description: str
    kind: Literal["switch", "text"]
    default: str


class Run(Schema):
    """How a stage went; times with offset, `seconds` as measured."""

    state: str
    started: datetime | None = None
    ended: datetime | None = None
    exit: int | None = None
    seconds: float = 0.0
    reason: str = ""


class Stage(Run):
    """A stage of a push; `hosts` where it ran on several, by name."""

    name: str
    hosts: dict[str, Run] = {}


class Push(Schema):
    """A push. The API's addresses have its `id`; people, stages and its page have its `number`."""

    id: int
    number: int | None = Field(description="none before a worker began it")
    deployment: int
    state: Literal["queued", "running", "succeeded", "failed", "cancelled", "lost"]
    reason: str
    comment: str
    user: str
    ref: str
    commit: str
    created: datetime
    started: datetime | None
    ended: datetime | None
    rollback_to: int | None = Field(description="id of the push that this one returned to")
    rollback_of: int | None = Field(description="id of the push that this one undid")
    resumed: bool
    awaits: str = Field(description="in step mode, the stage that waits for a decision")
    url: str = Field(description="its page")
    address: str = Field(description="its address here")

    @classmethod
    def of(cls, push, request, **more):
        """Return it as JSON has it; its worker is there already."""
        return cls(
            id=push.pk, number=push.number, deployment=push.deployment_id,
            state=push.effective_state,
            # It may name what its own settings said, which are others by now.
            reason=push.reason and discretion(request, request.deployment, push).text(push.reason),
            comment=push.comment, user=push.user_name, ref=push.ref, commit=push.commit,
            created=push.created, started=push.started, ended=push.ended,
            rollback_to=push.rollback_to_id, rollback_of=push.rollback_of_id,
            resumed=push.resumed, awaits=push.awaits,
            url=request.build_absolute_uri(push.get_absolute_url()),
            address=request.build_absolute_uri(
                reverse("operations:push", args=[push.deployment_id, push.pk])), **more)


class Pushes(Schema):
    """A page of pushes, newest first; `next` is the address of the next one."""

    items: list[Push]
    next: str | None


class Status(Push):
    """A push with its stages; `version` grows with every change."""

    version: int
    stages: list[Stage]
    outputs: dict[str, str] = Field(description="what its stages wrote into ROLF_OUTPUT")
    log_bytes: int

    @classmethod
    def of(cls, push, request):
        """Return it as JSON has it. Settings stay untold: a token's level is never edit."""
        return super().of(push, request, version=push.version, log_bytes=push.log_bytes,
                          **_kept(push, discretion(request, request.deployment, push)))


class DeploymentStatus(Deployment):
    """A deployment with what a push of it may be told, and its last pushes.

    Flags and stages of a tied one are those that were found in its repository lately.
    """

    flags: list[Flag]
    stages: list[str]
    running: Push | None
    last: Push | None = Field(description="the newest push that has ended")
    last_success: Push | None


class PushRequest(Schema, extra="forbid"):
    """What to push; everything has a default."""

    ref: str = Field("", max_length=200, description="branch, tag or commit; else its branch")
    commit: str = Field("", pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$", description=(
        "the commit that the ref is expected to be at, in full: nothing is pushed if it isn't"))
    comment: str = Field("", max_length=COMMENT)
    flags: dict[str, bool | str] = Field({}, description="NAME: value; others take their default")
    skip: list[str] = Field([], description="names of stages to leave out")
    step: bool = Field(False, description="ask before each stage")


class RollbackRequest(Schema, extra="forbid"):
    """Where to return to: the push of that id, or the one that is proposed."""

    to: int | None = None
    keep_settings: bool = Field(False, description="return the code alone")
    comment: str = Field("", max_length=COMMENT)


class Decision(Schema, extra="forbid"):
    """What to do with the stage that waits; with its name, a late answer meets no other stage."""

    decision: Literal["run", "skip", "stop"]
    stage: str | None = None


class Log(Schema):
    """A piece of the log: bytes from `offset` to `next`, decoded."""

    offset: int
    next: int
    ended: bool = Field(description="whether this is the end: the push has ended, and said it all")
    text: str


def _closed(deployment):
    by = deployment.closed_by and f"closed by {deployment.closed_by}"
    return ": ".join(filter(None, [by, deployment.closed]))


def _kept(push, hidden):
    """Return stages and outputs as the engine's record has them; the snapshot's before it began."""
    if push.engine_record:
        record = push.engine_record
        if push.effective_state == State.LOST:
            record = record.lost()
        kept = record.to_json()
        for stage in kept["stages"]:
            for run in (stage, *stage.get("hosts", {}).values()):
                run["reason"] = hidden.text(run["reason"])
        outputs = {name: hidden.text(value) for name, value in kept["outputs"].items()}
        return {"stages": kept["stages"], "outputs": outputs}
    planned = (push.snapshot or {}).get("stages", [])
    stages = [{"name": stage["name"], "state": State.WAITING} for stage in planned]
    return {"stages": stages, "outputs": {}}
