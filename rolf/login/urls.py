"""URLs for login and logout, also of the chosen methods. They have the names of accounts."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth.views import LogoutView
from django.urls import path

from . import views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.LoginView.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
]

# A method may have pages of its own, below sign-in/.
for name in settings.LOGIN_METHODS:
    urlpatterns += getattr(import_module(f"login.methods.{name}"), "urlpatterns", [])
