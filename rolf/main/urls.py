"""URLs of the front page, the search, and what monitoring asks."""

from django.urls import path

from . import views
from .metrics import metrics
from .readiness import healthz, readyz

app_name = "main"

urlpatterns = [
    path("", views.index, name="index"),
    path("search/", views.search, name="search"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    # In production, Apache serves these two files.
    path("robots.txt", views.root_file, {"name": "robots.txt"}),
    path("favicon.ico", views.root_file, {"name": "favicon.ico"}),
]
