"""The URLs of a Rolf with OpenID Connect."""

from django.urls import include, path

from login.methods import oidc
from login.urls import urlpatterns as of_login
from rolf.urls import urlpatterns as of_site

urlpatterns = [
    *(each for each in of_site if getattr(each, "app_name", "") != "accounts"),
    path("", include(([*of_login, *oidc.urlpatterns], "accounts"))),
]
