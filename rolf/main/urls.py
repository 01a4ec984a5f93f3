"""URLs of the front page, the search and /healthz."""

from django.urls import path

from . import views
from .readiness import healthz

app_name = "main"

urlpatterns = [
    path("", views.index, name="index"),
    path("search/", views.search, name="search"),
    path("healthz", healthz, name="healthz"),
    # In production, Apache serves these two files.
    path("robots.txt", views.root_file, {"name": "robots.txt"}),
    path("favicon.ico", views.root_file, {"name": "favicon.ico"}),
]
