"""Operations on pushes: to see them, to ask for one, to say what becomes of one."""

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

# What an empty request asks for.
PLAIN_PUSH, PLAIN_ROLLBACK = schemas.PushRequest(), schemas.RollbackRequest()


def push_of(request, push_id, *, listed=False):
    """Return the push of that id among the deployment's, or Http404.

    `listed` leaves out what only its status needs.
    """
    pushes = request.deployment.pushes.select_related("worker")
    try:
        return (pushes.listed() if listed else pushes).get(pk=push_id)
    except Push.DoesNotExist:
        raise Http404("The deployment has no such push.") from None


@get(router, "/deployments/{int:deployment_id}/pushes", Level.VIEW, schemas.Pushes,
     url_name="pushes")
def list_pushes(request, deployment_id: int, before: int | None = None, state: str = "",
                limit: Limit = 50):
    """List its pushes, newest first; `before` is the last id of the page before."""
    found = request.deployment.pushes.listed().select_related("worker")
    if state:
        found = found.filter(state=state)
    page = KeysetPage.before(before, found, limit)
    return schemas.Pushes(
        items=[schemas.Push.of(one, request) for one in page.rows],
        next=next_page(request, before=page.next))


@post(router, "/deployments/{int:deployment_id}/pushes", Level.PUSH, schemas.Push, atomic=False)
def push(request, deployment_id: int, asked: schemas.PushRequest = PLAIN_PUSH):
    """Push.

    It waits for a worker when this answers, with its address.

    With a `ref` or a `commit`, a worker first looks into the repository: 422 if the ref is not
    there, 409 if it is at another commit than `commit` (the answer's `commit` is that one). 409
    also while another push of the deployment waits or runs (`push` is that one).
    """
    flags = {name: _flag(value) for name, value in asked.flags.items()}
    return _accepted(request, services.queue_push(
        request.deployment, request.access.user, ref=asked.ref, commit=asked.commit,
        look=bool(asked.ref or asked.commit), comment=asked.comment,
        flags=flags, skip=tuple(asked.skip), step=asked.step))


@post(router, "/deployments/{int:deployment_id}/rollback", Level.PUSH, schemas.Push)
def rollback(request, deployment_id: int,
             asked: schemas.RollbackRequest = PLAIN_ROLLBACK):
    """Roll back to a push, or to the one before the push that is live."""
    to = None if asked.to is None else push_of(request, asked.to)
    return _accepted(request, services.queue_rollback(
        request.deployment, request.access.user, to=to, keep_settings=asked.keep_settings,
        comment=asked.comment))


@post(router, "/deployments/{int:deployment_id}/pushes/{int:push_id}/cancel", Level.PUSH,
      schemas.Push)
def cancel(request, deployment_id: int, push_id: int):
    """Cancel a push: one that waits ends at once, one that runs as soon as its stage is ended."""
    found = push_of(request, push_id)
    services.cancel(found, request.access.user)
    return _accepted(request, found)


@post(router, "/deployments/{int:deployment_id}/pushes/{int:push_id}/resume", Level.PUSH,
      schemas.Push)
def resume(request, deployment_id: int, push_id: int):
    """Resume the deployment's last push at the stage that failed."""
    return _accepted(request, services.resume(push_of(request, push_id), request.access.user))


@post(router, "/deployments/{int:deployment_id}/pushes/{int:push_id}/decide", Level.PUSH,
      schemas.Push)
def decide(request, deployment_id: int, push_id: int, asked: schemas.Decision):
    """Answer a push in step mode that waits for it."""
    found = push_of(request, push_id)
    if asked.stage is not None and asked.stage != found.awaits:
        waits = f"it waits before {found.awaits}" if found.awaits else "it doesn't wait"
        return problem(request, 409, f"The push doesn't ask about {asked.stage}: {waits}.",
                       push=schemas.Push.of(found, request))
    services.decide(found, request.access.user, asked.decision)
    return _accepted(request, found)


def _flag(value):
    """Return it as stages get it."""
    return ("1" if value else "") if isinstance(value, bool) else value


def _accepted(request, found):
    found.refresh_from_db()
    told = schemas.Push.of(found, request)
    if responses.wanted(request):
        return responses.answer(f"{told.address}\n", status=202, headers={"Location": told.address})
    return Status(202, told)
