"""The schemas of requests and responses."""

from datetime import datetime
from typing import Literal

from bootstrapper.deploy.events.event import State
from django.urls import reverse
from ninja import Field, Schema

from deployments.models import Level
from deployments.redaction import redactor
from pushes.services import COMMENT


class Deployment(Schema):
    """A deployment. `level` is the token's permission on it."""

    id: int
    application: str
    name: str
    category: str
    description: str
    branch: str
    level: str
    closed: str = Field(description="why pushes are not possible now, or empty")
    deprecated: bool
    url: str = Field(description="its page")

    @classmethod
    def of(cls, deployment, request, **more):
        """Return the schema of a deployment. Select `application__category` with it."""
        return cls(
            id=deployment.pk,
            application=deployment.application.name,
            name=deployment.name,
            category=deployment.application.category.name,
            description=deployment.description,
            branch=deployment.branch,
            closed=_lock(deployment),
            deprecated=deployment.deprecated,
            level=Level(request.access.level(deployment)).label,
            url=request.build_absolute_uri(deployment.get_absolute_url()),
            **more,
        )


class Deployments(Schema):
    """A page of deployments. `next` is the URL of the next page."""

    items: list[Deployment]
    next: str | None


class Flag(Schema):
    """A flag of a deployment, which a push can set."""

    name: str
    description: str
    kind: Literal["switch", "text"]
    default: str


class Run(Schema):
    """The run of a stage. Times have an offset. `seconds` is its duration."""

    state: str
    started: datetime | None = None
    ended: datetime | None = None
    exit: int | None = None
    seconds: float = 0.0
    reason: str = ""


class Stage(Run):
    """A stage of a push. If it ran on several hosts, `hosts` has the run on each."""

    name: str
    hosts: dict[str, Run] = {}


class Push(Schema):
    """A push. URLs of the API have its `id`. Its page and its stages have its `number`."""

    id: int
    number: int | None = Field(description="null before a worker began the push")
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
    address: str = Field(description="its URL in the API")

    @classmethod
    def of(cls, push, request, **more):
        """Return the schema of a push. Select `worker` with it."""
        return cls(
            id=push.pk,
            number=push.number,
            deployment=push.deployment_id,
            state=push.effective_state,
            # The reason may contain values of settings from the time of the push.
            reason=push.reason and redactor(request, request.deployment, push).text(push.reason),
            comment=push.comment,
            user=push.user_name,
            ref=push.ref,
            commit=push.commit,
            created=push.created,
            started=push.started,
            ended=push.ended,
            rollback_to=push.rollback_to_id,
            rollback_of=push.rollback_of_id,
            resumed=push.resumed,
            awaits=push.awaits,
            url=request.build_absolute_uri(push.get_absolute_url()),
            address=request.build_absolute_uri(
                reverse("operations:push", args=[push.deployment_id, push.pk])
            ),
            **more,
        )


class Pushes(Schema):
    """A page of pushes, newest first. `next` is the URL of the next page."""

    items: list[Push]
    next: str | None


class Status(Push):
    """A push with its stages. `version` grows with every change."""

    version: int
    stages: list[Stage]
    outputs: dict[str, str] = Field(description="what its stages wrote into ROLF_OUTPUT")
    log_bytes: int

    @classmethod
    def of(cls, push, request):
        """Return the schema of a push. Tokens never have the level edit, so it has no settings."""
        hidden = redactor(request, request.deployment, push)
        return super().of(
            push,
            request,
            version=push.version,
            log_bytes=push.log_bytes,
            **_stages_and_outputs(push, hidden),
        )


class DeploymentStatus(Deployment):
    """A deployment with its flags, its stages and its last pushes.

    If the deployment is defined in its repository, flags and stages are those of the last look.
    """

    flags: list[Flag]
    stages: list[str]
    running: Push | None
    last: Push | None = Field(description="the newest push that has ended")
    last_success: Push | None


class PushRequest(Schema, extra="forbid"):
    """What to push. Every field has a default."""

    ref: str = Field(
        "",
        max_length=200,
        description=("branch, tag or commit; by default the deployment's branch"),
    )
    commit: str = Field(
        "",
        pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$",
        description=("the full commit that the ref must be at; otherwise nothing is pushed"),
    )
    comment: str = Field("", max_length=COMMENT)
    flags: dict[str, bool | str] = Field(
        {}, description="NAME: value; other flags have their default"
    )
    skip: list[str] = Field([], description="names of stages to leave out")
    step: bool = Field(False, description="ask before each stage")


class RollbackRequest(Schema, extra="forbid"):
    """The id of the push to roll back to; by default the one before the live push."""

    to: int | None = None
    keep_settings: bool = Field(False, description="roll back only the code")
    comment: str = Field("", max_length=COMMENT)


class Decision(Schema, extra="forbid"):
    """A decision about the stage that waits. Name the stage, so that no other one is meant."""

    decision: Literal["run", "skip", "stop"]
    stage: str | None = None


class Log(Schema):
    """A part of the log: the bytes from `offset` to `next`, decoded."""

    offset: int
    next: int
    ended: bool = Field(description="whether the push has ended and this is the end of its log")
    text: str


def _lock(deployment):
    by = deployment.locked_by and f"locked by {deployment.locked_by}"
    return ": ".join(filter(None, [by, deployment.lock_reason]))


def _stages_and_outputs(push, hidden):
    """Return stages and outputs of the engine's record; before it begins, the stages wait."""
    record = push.engine_record
    if record is None:
        stages = [{"name": stage.name, "state": stage.state} for stage in push.stages]
        return {"stages": stages, "outputs": {}}
    if push.effective_state == State.LOST:
        record = record.lost()
    data = record.to_json()
    for stage in data["stages"]:
        for run in (stage, *stage.get("hosts", {}).values()):
            run["reason"] = hidden.text(run["reason"])
    outputs = {name: hidden.text(value) for name, value in data["outputs"].items()}
    return {"stages": data["stages"], "outputs": outputs}
