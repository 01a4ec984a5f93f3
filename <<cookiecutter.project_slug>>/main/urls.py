from django.urls import path
from django.views.static import serve

from .health import healthz
from .views import ROOT_FILES, IndexView

urlpatterns = [
    path("", IndexView.as_view(), name="index"),
    path("healthz", healthz, name="healthz"),
    # In production, Apache serves these two files.
    path("robots.txt", serve, {"document_root": ROOT_FILES, "path": "robots.txt"}),
    path("favicon.ico", serve, {"document_root": ROOT_FILES, "path": "favicon.ico"}),
]
