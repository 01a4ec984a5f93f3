from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("", include("history.urls")),
    path("", include("deployments.urls")),
    path("", include("pushes.urls")),
    path("", include("cookbook.urls")),
    path("", include("accounts.urls")),
    path("", include("people.urls")),
    path("", include("main.urls")),
]
