"""Accounts with an authenticator app, and what the app shows."""

from base64 import b32decode

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django_otp.oath import hotp

from database import clock
from login.second_factor.models import STEP, Authenticator, RecoveryCode, new_key

PASSWORD = "correct horse"  # noqa: S105
KEY = new_key()


def code(steps=0, key=KEY):
    """Return what the app shows now, or so many steps later."""
    step = int(clock.now().timestamp()) // STEP + steps
    return f"{hotp(b32decode(key), step):06}"


def account(name="ada", *, app=True, **more):
    """Create an account with a password, and an app if it has one."""
    user = get_user_model().objects.create_user(name, password=PASSWORD, **more)
    if app:
        Authenticator.add(user, KEY, -1)
    return user


def recovery_codes(user):
    """Return new recovery codes of the user."""
    return RecoveryCode.objects.replace(user)


def logged_in(name="ada", *, code=None, client=None):
    """Return a client after the password, and after the code if there is one."""
    client = client or Client()
    response = client.post(reverse("accounts:login"), {"username": name, "password": PASSWORD})
    assert response.status_code == 302, response.content
    if code:
        response = client.post(reverse("second_factor:verify"), {"code": code})
        assert response.status_code == 302, response.content
    return client
