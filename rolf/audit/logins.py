"""Events of logins by any method, from Django's signals. A method need not record them itself."""

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from .events import record, record_once

UNKNOWN = 60  # seconds between two failures with unknown names, for each address


def connect():
    """Connect the signals."""
    user_logged_in.connect(_logged_in, dispatch_uid="audit.login")
    user_login_failed.connect(_failed, dispatch_uid="audit.failure")
    user_logged_out.connect(_logged_out, dispatch_uid="audit.logout")


def account(name):
    """Return the account of that name in any spelling, or None.

    An unknown name is recorded nowhere, because people sometimes type their password there.
    """
    if not name or "\0" in name:
        return None
    users = get_user_model()
    return users._default_manager.filter(**{f"{users.USERNAME_FIELD}__iexact": name[:150]}).first()


def _logged_in(sender, request, user, **more):
    # The module names the method: login.methods.ldap.Backend.
    method = getattr(user, "backend", "").rpartition(".")[0].rpartition(".")[2]
    record("login.success", request=request, user=user, method=method)


def _failed(sender, credentials, request=None, **more):
    user = account(str(credentials.get("username") or ""))
    if user is not None:  # the delays of the account limit these
        record("login.failure", request=request, user=user, outcome="failed", known_name=True)
        return
    # Anybody can send any number of names, and nobody can delete a row.
    address = request.META.get("REMOTE_ADDR") if request else None
    record_once(
        "login.failure",
        key=("unknown", address),
        interval=UNKNOWN,
        request=request,
        outcome="failed",
        known_name=False,
    )


def _logged_out(sender, request, user, **more):
    if user is not None:
        record("logout", request=request, user=user)
