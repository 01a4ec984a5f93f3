"""Answers of the API: problems (RFC 9457) and plain text."""

from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from ninja import Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from deployments.redaction import discretion
from pushes.refusals import Moved
from pushes.services import Busy, Refused

from .schemas import Push

MEDIA_TYPE = "application/problem+json"


class Problem(Schema):
    """Why something wasn't done: `faults` one by one, and the `push` that is in the way.

    `commit` is where the ref is that has moved.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    faults: list[str] = []
    push: Push | None = None
    commit: str | None = None


def problem(request, status, detail, *, faults=(), push=None, commit=None, headers=None):
    """Return it as JSON, or as text for who asks for that."""
    if wanted(request):
        text = "\n".join(faults) or detail
        return answer(f"{text}\n", status=status, headers=headers)
    told = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail,
                   faults=list(faults), push=push, commit=commit)
    return JsonResponse(told.dict(), status=status, headers=headers, content_type=MEDIA_TYPE)


def register(api):
    """Have the API tell every failure that way."""

    @api.exception_handler(AuthenticationError)
    def unknown(request, error):
        detail = "This needs a token that is valid: Authorization: Bearer rolf_…"
        return problem(request, 401, detail, headers={"WWW-Authenticate": "Bearer"})

    @api.exception_handler(PermissionDenied)
    def forbidden(request, error):
        return problem(request, 403, str(error))

    @api.exception_handler(Http404)
    def absent(request, error):
        return problem(request, 404, str(error) or "There is nothing at this address.")

    @api.exception_handler(Busy)
    def busy(request, error):
        return problem(request, 409, str(error), faults=error.faults,
                       push=error.push and Push.of(error.push, request))

    @api.exception_handler(Moved)
    def moved(request, error):
        return problem(request, 409, str(error), faults=error.faults, commit=error.commit)

    @api.exception_handler(Refused)
    def refused(request, error):
        faults = error.faults
        if deployment := getattr(request, "deployment", None):
            faults = [discretion(request, deployment).text(fault) for fault in faults]
        return problem(request, 422, "\n".join(faults), faults=faults)

    @api.exception_handler(ValidationError)
    def invalid(request, error):
        faults = [f"{_place(fault['loc'])}: {fault['msg']}" for fault in error.errors]
        return problem(request, 422, "; ".join(faults), faults=faults)

    @api.exception_handler(HttpError)
    def other(request, error):
        return problem(request, error.status_code, str(error))


def _place(location):
    """Return where in the request a fault is, without ninja's name of the argument."""
    source, *names = map(str, location)
    return ".".join([source, *names[1:]] if source == "body" else [source, *names])


def wanted(request):
    """Whether the client would rather have text than JSON."""
    return request.get_preferred_type(["application/json", "text/plain"]) == "text/plain"


def answer(text, *, status=200, headers=None):
    """Return the text, which a browser neither guesses at nor runs."""
    return HttpResponse(
        text, status=status, headers=headers, content_type="text/plain; charset=utf-8")
