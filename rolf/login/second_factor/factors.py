"""Which second factors an account has, whether it needs one, and what becomes of them."""

from contextlib import contextmanager

from django.conf import settings
from django_otp_webauthn.models import WebAuthnCredential

import audit
from history.models import Change

from .models import Authenticator, RecoveryCode

KIND = "second factor"


def is_enrolled(user):
    """Return whether the account has an authenticator app or a passkey."""
    return (
        Authenticator.objects.filter(user=user).exists()
        or WebAuthnCredential.objects.filter(user=user, confirmed=True).exists()
    )


def is_required(user):
    """Return whether the account must have a second factor. Central accounts have their own."""
    if user.central:
        return False
    required = settings.LOGIN_SECOND_FACTOR
    return required == "everybody" or (required == "superusers" and user.is_superuser)


def passkeys(user):
    """Return the passkeys of the account, oldest first."""
    return WebAuthnCredential.objects.filter(user=user, confirmed=True).order_by("pk")


@contextmanager
def record_factors(by, user, action, *, request=None):
    """Record in the history and in the audit log what the block does to the account's factors.

    `by` is the user who does it, or None for a command on the server.
    """
    before = summary(user)
    yield
    record_factor(by, user, action, before, request=request)


def record_factor(by, user, action, before, *, request=None):
    """Record one change; `before` is the summary from before it."""
    after = summary(user)
    if before != after:
        Change.objects.create(
            by=by,
            by_name=by.get_username() if by else "command line",
            kind=KIND,
            name=user.get_username(),
            before=before,
            after=after,
        )
    audit.record(f"second_factor.{action}", request=request, user=by, target=user.get_username())


def reset(user, by, *, request=None):
    """Remove all factors of the account and end its sessions: the user lost them."""
    with record_factors(by, user, "reset", request=request):
        _remove_all(user)
    user.sessions.end()


def remove_if_last(user):
    """Remove the recovery codes if the account has no factor any more."""
    if not is_enrolled(user):
        _remove_all(user)


def _remove_all(user):
    for model in (Authenticator, WebAuthnCredential, RecoveryCode):
        model.objects.filter(user=user).delete()


def summary(user):
    """Return what the history keeps: no key, and no part of a code."""
    return {
        "app": Authenticator.objects.filter(user=user).exists(),
        "passkeys": [passkey.name for passkey in passkeys(user)],
        "recovery codes": RecoveryCode.objects.unused().filter(user=user).count(),
    }
