"""URLs of the API, and of the pages about it."""

from django.urls import include, path

from . import views
from .site import api

pages = [
    path("api/", views.guide, name="guide"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/new/", views.new, name="token-new"),
    path("tokens/<int:token_id>/revoke/", views.revoke, name="token-revoke"),
]

urlpatterns = [
    path("", include((pages, "api"))),
    path("api/", api.urls),
    path("api/<path:rest>", views.absent, name="no-operation"),
]
