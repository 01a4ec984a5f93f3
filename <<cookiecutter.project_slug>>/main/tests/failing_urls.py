"""Views that fail, for the tests of the error pages."""

from django.core.exceptions import PermissionDenied
from django.urls import path


def forbidden(request):
    raise PermissionDenied


def broken(request):
    raise RuntimeError("raised for a test")


urlpatterns = [path("forbidden", forbidden), path("broken", broken)]
