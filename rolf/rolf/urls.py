"""Addresses of the site."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("", include("history.urls")),
    path("", include("deployments.urls")),
    path("", include("pushes.urls")),
    # While they are written: those that are there.
    *(path("", include(name)) for name in ("cookbook.urls", "accounts.urls") if find_spec(name)),
    path("", include("main.urls")),
]
