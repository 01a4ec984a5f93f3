"""Responses of the API: problems (RFC 9457) and plain text."""

import logging
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import Http404, HttpResponse, JsonResponse
from ninja import Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from deployments.redaction import redactor
from pushes.refusals import Moved
from pushes.services import Busy, Overtaken, Refused
from pushes.store.objects import AWAY, StoreError

from .schemas import Push

logger = logging.getLogger("rolf.logs")

MEDIA_TYPE = "application/problem+json"


class Problem(Schema):
    """Why a request failed. `faults` has each error.

    `push` is the other push that is queued or running. `commit` is the current commit of a ref
    that has moved.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    faults: list[str] = []
    push: Push | None = None
    commit: str | None = None


def problem(request, status, detail, *, faults=(), push=None, commit=None, headers=None):
    """Return a response with a Problem as JSON, or its text if the client prefers text."""
    if prefers_text(request):
        lines = "\n".join(faults) or detail
        return text(f"{lines}\n", status=status, headers=headers)
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        faults=list(faults),
        push=push,
        commit=commit,
    )
    return JsonResponse(body.dict(), status=status, headers=headers, content_type=MEDIA_TYPE)


def register(api):
    """Make the API return a Problem for every exception that it handles."""

    @api.exception_handler(AuthenticationError)
    def unknown(request, error):
        detail = "A valid token is required: Authorization: Bearer rolf_…"
        return problem(request, 401, detail, headers={"WWW-Authenticate": "Bearer"})

    @api.exception_handler(PermissionDenied)
    def forbidden(request, error):
        return problem(request, 403, str(error))

    @api.exception_handler(Http404)
    def absent(request, error):
        return problem(request, 404, str(error) or "There is nothing at this URL.")

    @api.exception_handler(Busy)
    def busy(request, error):
        return problem(
            request,
            409,
            str(error),
            faults=error.faults,
            push=error.push and Push.of(error.push, request),
        )

    @api.exception_handler(Moved)
    def moved(request, error):
        return problem(request, 409, str(error), faults=error.faults, commit=error.commit)

    @api.exception_handler(Refused)
    def refused(request, error):
        faults = error.faults
        if deployment := getattr(request, "deployment", None):
            faults = [redactor(request, deployment).text(fault) for fault in faults]
        status = 409 if isinstance(error, Overtaken) else 422
        return problem(request, status, "\n".join(faults), faults=faults)

    @api.exception_handler(ValidationError)
    def invalid(request, error):
        faults = [f"{_place(fault['loc'])}: {fault['msg']}" for fault in error.errors]
        return problem(request, 422, "; ".join(faults), faults=faults)

    @api.exception_handler(DataError)
    def unstorable(request, error):
        return problem(request, 400, "The request has a value that the database cannot store.")

    @api.exception_handler(StoreError)
    def store_away(request, error):
        logger.error("%s", error)
        return problem(request, 503, AWAY, headers={"Retry-After": "60"})

    @api.exception_handler(HttpError)
    def other(request, error):
        return problem(request, error.status_code, str(error))


def _place(location):
    """Return the place of an error in the request, without the name of the view's argument."""
    source, *names = map(str, location)
    return ".".join([source, *names[1:]] if source == "body" else [source, *names])


def prefers_text(request):
    """Return whether the client prefers plain text to JSON."""
    return request.get_preferred_type(["application/json", "text/plain"]) == "text/plain"


def text(content, *, status=200, headers=None):
    """Return a response with plain text, which browsers show as text."""
    return HttpResponse(
        content, status=status, headers=headers, content_type="text/plain; charset=utf-8"
    )
