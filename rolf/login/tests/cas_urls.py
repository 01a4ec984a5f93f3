"""The URLs of a Rolf with CAS."""

from django.urls import include, path

from login.methods import cas
from login.urls import urlpatterns as of_login
from rolf.urls import urlpatterns as of_site

urlpatterns = [
    *(each for each in of_site if getattr(each, "app_name", "") != "accounts"),
    path("", include(([*of_login, *cas.urlpatterns], "accounts"))),
]
