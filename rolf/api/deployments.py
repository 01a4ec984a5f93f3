"""Operations on deployments."""

from typing import Annotated
from urllib.parse import urlencode

from bootstrapper.deploy.events.event import State
from ninja import Query, Router

from deployments.models import Level
from deployments.push_options import definition
from history.paging import KeysetPage
from pushes.models import ACTIVE

from . import schemas
from .operation import get

router = Router(tags=["deployments"])

MOST = 200  # items on a page
Limit = Annotated[int, Query(ge=1, le=MOST)]


@get(router, "/deployments", Level.VIEW, schemas.Deployments, url_name="deployments")
def list_deployments(
    request, name: str = "", application: str = "", after: int = 0, limit: Limit = 100
):
    """List the deployments that the token can see, ordered by id.

    `after` is the last id of the previous page. `name` and `application` must be complete names.
    """
    found = request.access.deployments().select_related("application__category")
    if name:
        found = found.filter(name=name)
    if application:
        found = found.filter(application__name=application)
    page = KeysetPage.after(after, found, limit)
    return schemas.Deployments(
        items=[schemas.Deployment.of(one, request) for one in page.rows],
        next=next_page(request, after=page.next),
    )


@get(
    router,
    "/deployments/{int:deployment_id}",
    Level.VIEW,
    schemas.DeploymentStatus,
    url_name="deployment",
)
def show_deployment(request, deployment_id: int):
    """Show a deployment with its flags, its stages and its last pushes."""
    deployment = request.deployment
    options = definition(deployment)
    pushes = deployment.pushes.listed().select_related("worker")

    def newest(pushes):
        push = pushes.first()
        return push and schemas.Push.of(push, request)

    return schemas.DeploymentStatus.of(
        deployment,
        request,
        flags=[
            schemas.Flag(
                name=flag.name, description=flag.description, kind=flag.kind, default=flag.default
            )
            for flag in options.flags
        ],
        stages=options.stages,
        running=newest(pushes.active()),
        last=newest(pushes.exclude(state__in=ACTIVE)),
        last_success=newest(pushes.filter(state=State.SUCCEEDED)),
    )


def next_page(request, **position):
    """Return the URL of the page before or after a key, or None if the key is None."""
    if None in position.values():
        return None
    query = urlencode({**request.GET.dict(), **position})
    return request.build_absolute_uri(f"{request.path}?{query}")
