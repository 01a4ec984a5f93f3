"""Addresses of the API, and of the pages about it."""

from django.urls import path

from . import views
from .site import api

urlpatterns = [
    path("api/", views.guide, name="api-guide"),
    path("api/", api.urls),
    path("api/<path:rest>", views.absent, name="api-absent"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/new/", views.new, name="token-new"),
    path("tokens/<int:token_id>/revoke/", views.revoke, name="token-revoke"),
]
