"""Operations that list and start pushes, and cancel, resume or decide."""

from django.http import Http404
from ninja import Router, Status

from api import responses, schemas
from deployments.models import Level
from history.paging import KeysetPage
from pushes import services
from pushes.models import Push

from .deployments import Limit, next_page
from .operation import get, post
from .responses import problem

router = Router(tags=["pushes"])

# The meaning of an empty request body.
PLAIN_PUSH, PLAIN_ROLLBACK = schemas.PushRequest(), schemas.RollbackRequest()


def push_of(request, push_id, *, listed=False):
    """Return the deployment's push with that id. Raise Http404 if there is none.

    With `listed`, large fields are deferred.
    """
    pushes = request.deployment.pushes.select_related("worker")
    try:
        return (pushes.listed() if listed else pushes).get(pk=push_id)
    except Push.DoesNotExist:
        raise Http404("The deployment has no push with this id.") from None


@get(
    router, "/deployments/{int:deployment_id}/pushes", Level.VIEW, schemas.Pushes, url_name="pushes"
)
def list_pushes(
    request, deployment_id: int, before: int | None = None, state: str = "", limit: Limit = 50
):
    """List the pushes of a deployment, newest first.

    `before` is the last id of the previous page.
    """
    found = request.deployment.pushes.listed().select_related("worker")
    if state:
        found = found.filter(state=state)
    page = KeysetPage.before(before, found, limit)
    return schemas.Pushes(
        items=[schemas.Push.of(one, request) for one in page.rows],
        next=next_page(request, before=page.next),
    )


@post(router, "/deployments/{int:deployment_id}/pushes", Level.PUSH, schemas.Push, atomic=False)
def push(request, deployment_id: int, body: schemas.PushRequest = PLAIN_PUSH):
    """Queue a push.

    The response has the address of the push, which waits for a worker.

    With a `ref` or a `commit`, a worker first looks into the repository. The status is 422 if the
    ref does not exist, and 409 if the ref is at another commit than `commit`; the response's
    `commit` is that one. The status is also 409 while another push of the deployment is queued or
    running; the response's `push` is that one.
    """
    flags = {name: _flag(value) for name, value in body.flags.items()}
    return _accepted(
        request,
        services.queue_push(
            request.deployment,
            request.access.user,
            ref=body.ref,
            commit=body.commit,
            look=bool(body.ref or body.commit),
            comment=body.comment,
            flags=flags,
            skip=tuple(body.skip),
            step=body.step,
        ),
    )


@post(router, "/deployments/{int:deployment_id}/rollback", Level.PUSH, schemas.Push)
def rollback(request, deployment_id: int, body: schemas.RollbackRequest = PLAIN_ROLLBACK):
    """Queue a rollback to a push, by default to the one before the live push."""
    to = None if body.to is None else push_of(request, body.to)
    return _accepted(
        request,
        services.queue_rollback(
            request.deployment,
            request.access.user,
            to=to,
            keep_settings=body.keep_settings,
            comment=body.comment,
        ),
    )


@post(
    router, "/deployments/{int:deployment_id}/pushes/{int:push_id}/cancel", Level.PUSH, schemas.Push
)
def cancel(request, deployment_id: int, push_id: int):
    """Cancel a push.

    A queued push ends at once. A running push ends when its stage has been stopped.
    """
    found = push_of(request, push_id)
    services.cancel(found, request.access.user)
    return _accepted(request, found)


@post(
    router, "/deployments/{int:deployment_id}/pushes/{int:push_id}/resume", Level.PUSH, schemas.Push
)
def resume(request, deployment_id: int, push_id: int):
    """Resume the deployment's last push at the stage where it stopped."""
    return _accepted(request, services.resume(push_of(request, push_id), request.access.user))


@post(
    router, "/deployments/{int:deployment_id}/pushes/{int:push_id}/decide", Level.PUSH, schemas.Push
)
def decide(request, deployment_id: int, push_id: int, body: schemas.Decision):
    """Decide about the stage that a push in step mode waits for."""
    found = push_of(request, push_id)
    if body.stage is not None and body.stage != found.awaits:
        waits = f"it waits before {found.awaits}" if found.awaits else "it does not wait"
        return problem(
            request,
            409,
            f"The push does not ask about {body.stage}: {waits}.",
            push=schemas.Push.of(found, request),
        )
    services.decide(found, request.access.user, body.decision)
    return _accepted(request, found)


def _flag(value):
    """Return the value of a flag as stages get it in their environment."""
    return ("1" if value else "") if isinstance(value, bool) else value


def _accepted(request, found):
    """Return 202 with the push, or with its address as text."""
    found.refresh_from_db()
    data = schemas.Push.of(found, request)
    if responses.prefers_text(request):
        return responses.text(f"{data.address}\n", status=202, headers={"Location": data.address})
    return Status(202, data)
