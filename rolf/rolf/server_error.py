"""The response to an exception that nothing handled."""

import sys

from django.shortcuts import render
from django.views.defaults import server_error as default_server_error

from api.responses import problem
from database.retry import AWAY

RETRY_AFTER = {"Retry-After": "5"}  # seconds


def server_error(request):
    """Return 503 while the database does not answer, so that clients try again; otherwise 500."""
    if not isinstance(sys.exc_info()[1], AWAY):
        return default_server_error(request)
    if request.path.startswith("/api/"):
        return problem(
            request, 503, "The database does not answer. Try again.", headers=RETRY_AFTER
        )
    response = render(None, "503.html", status=503)
    response["Retry-After"] = RETRY_AFTER["Retry-After"]
    return response
