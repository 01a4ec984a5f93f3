"""Addresses of pages that fail, for the tests of the error pages."""

from django.core.exceptions import PermissionDenied
from django.urls import path


def forbidden(request):
    """Refuse."""
    raise PermissionDenied


def broken(request):
    """Fail."""
    raise RuntimeError("a fault made for a test")


urlpatterns = [path("forbidden", forbidden), path("broken", broken)]
