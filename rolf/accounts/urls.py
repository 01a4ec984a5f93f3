"""Addresses of signing in, of one's own account, and of people and groups."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from .views import account, session

urlpatterns = [
    path("sign-in/", session.SignInView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="account-password"),
]
