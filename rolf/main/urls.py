"""Addresses of the site's own pages."""

from django.urls import path
from django.views.static import serve

from . import views
from .health import healthz

urlpatterns = [
    path("", views.index, name="index"),
    path("search/", views.search, name="search"),
    path("healthz", healthz, name="healthz"),
    # In production Apache answers these two before Django is asked.
    path("robots.txt", serve, {"document_root": views.ROOT_FILES, "path": "robots.txt"}),
    path("favicon.ico", serve, {"document_root": views.ROOT_FILES, "path": "favicon.ico"}),
]
