"""Answers as plain text, for shells: `curl -H "Accept: text/plain"`."""

from django.http import HttpResponse


def wanted(request):
    """Whether the client would rather have text than JSON."""
    return request.get_preferred_type(["application/json", "text/plain"]) == "text/plain"


def answer(text, *, status=200, headers=None):
    """Return the text, which a browser neither guesses at nor runs."""
    return HttpResponse(
        text, status=status, headers=headers, content_type="text/plain; charset=utf-8")
