"""Operations on deployments."""

from typing import Annotated
from urllib.parse import urlencode

from ninja import Query, Router

from deployments.models import Level
from deployments.push_options import definition
from history.paging import KeysetPage

from . import schemas
from .operation import get

router = Router(tags=["deployments"])

MOST = 200  # of a page
Limit = Annotated[int, Query(ge=1, le=MOST)]


@get(router, "/deployments", Level.VIEW, schemas.Deployments, url_name="deployments")
def list_deployments(request, name: str = "", application: str = "", after: int = 0,
                     limit: Limit = 100):
    """List the deployments that the token sees, by id; `after` is the last id of the page before.

    `name` and `application` are whole names.
    """
    found = request.access.deployments().select_related("application__category")
    if name:
        found = found.filter(name=name)
    if application:
        found = found.filter(application__name=application)
    page = KeysetPage.after(after, found, limit)
    return schemas.Deployments(
        items=[schemas.Deployment.of(one, request) for one in page.rows],
        next=next_page(request, after=page.next))


@get(router, "/deployments/{int:deployment_id}", Level.VIEW, schemas.DeploymentStatus,
     url_name="deployment")
def show_deployment(request, deployment_id: int):
    """Show a deployment: what a push of it may be told, and its last pushes."""
    deployment = request.deployment
    told_of = definition(deployment)
    pushes = deployment.pushes.listed().select_related("worker")

    def told(found):
        push = found.first()
        return push and schemas.Push.of(push, request)

    return schemas.DeploymentStatus.of(
        deployment, request,
        flags=[schemas.Flag(name=flag.name, description=flag.description, kind=flag.kind,
                            default=flag.default) for flag in told_of.flags],
        stages=told_of.stages,
        running=told(pushes.active()), last=told(pushes.exclude(state__in=["queued", "running"])),
        last_success=told(pushes.filter(state="succeeded")))


def next_page(request, **position):
    """Return the URL of the page that begins before or after a key; None if that is None."""
    if None in position.values():
        return None
    asked = {**request.GET.dict(), **position}
    return request.build_absolute_uri(f"{request.path}?{urlencode(asked)}")
