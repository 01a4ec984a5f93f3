from django.apps import apps
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("", include("history.urls")),
    path("", include("deployments.urls")),
    path("", include("pushes.urls")),
    path("", include("cookbook.urls")),
    path("", include("login.urls")),
    path("", include("people.urls")),
    path("", include("worker.urls")),
    path("", include("main.urls")),
]

if apps.is_installed("login.second_factor"):
    urlpatterns.append(path("", include("login.second_factor.urls")))

handler500 = "rolf.server_error.server_error"
