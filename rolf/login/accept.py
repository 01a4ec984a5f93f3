"""The one way in for people whom a provider knows: find or create the account, and set its groups.

Which account is it? The first of these rules that applies decides:

1. The provider's `subject` is known: it is the account of that identity. The account keeps its name
   in Rolf if the person's name at the provider changes.
2. There is no account of that user name: Rolf creates one. Two spellings of a name are one name
   (accounts/user_names.py), and the database refuses a second account, also to parallel logins.
3. There is an account of that name, and LOGIN_LINK allows linking it: the account becomes that of
   the identity, and its password no longer works. LOGIN_LINK=people links accounts that are neither
   superusers nor staff; LOGIN_LINK=all links every account.
4. Otherwise the login is refused (LOGIN_LINK=none, the default). So nobody takes over the local
   superuser `admin` by being called `ADMIN` at the provider.

An account that already has another identity of the same method is never linked: at the provider,
the name then belongs to another person than before.
"""

import logging

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

import audit
from accounts.models import User
from accounts.user_names import name_key
from database import clock
from history.models import record_change

from .group_mapping import GroupMapping
from .group_sync import set_groups
from .models import Identity

SHOWN = 10  # names of outside groups in the log

logger = logging.getLogger("rolf.login")


class LoginRefused(ValidationError):  # noqa: N818 - the name of the condition, as in Django
    """The provider knows the person, but Rolf does not accept the login. The message says why."""


def accept(
    method, subject, username, *, groups=(), full_name="", email="", request=None, details=None
):
    """Return the account of a person whom a provider has just confirmed. Raise LoginRefused.

    `method` is the name of the method, and `subject` what names the person there for ever. `groups`
    are the names of all outside groups. `details` replace those of the identity. The caller logs
    the user in with `django.contrib.auth.login`, unless Django calls it for a back end.
    """
    try:
        with transaction.atomic():
            if not subject or len(subject) > 255:
                raise LoginRefused("The central login did not name you.", code="nameless")
            identity = _identity(method, subject) or _new_identity(method, subject, username)
            user = identity.user
            if not user.is_active:
                raise LoginRefused("This account is deactivated.", code="inactive")
            confirm(identity, name=username[:255], details=details)
            _describe(identity, full_name, email)
            set_groups(identity, groups)
            _log_missing_groups(user, groups)
    except LoginRefused as error:
        # Outside of the transaction, which took everything back.
        audit.record("login.failure", request=request, outcome=error.code, method=method)
        raise
    user.refresh_from_db()
    return user


def _log_missing_groups(user, outside):
    """Log why the person gets no group of Rolf: an administrator asks that first."""
    mapping = settings.LOGIN_GROUPS
    if mapping != GroupMapping() and not mapping.inside(outside):
        logger.info(
            "%s is in no mapped group: the settings LOGIN_GROUPS_ accept none of %d, such as %s",
            user,
            len(outside),
            sorted(outside)[:SHOWN],
        )


def confirm(identity, **known):
    """Note that the provider has just confirmed the person."""
    known = {name: value for name, value in known.items() if value is not None}
    known |= {"confirmed": clock.now(), "unreachable": None}
    for name, value in known.items():
        setattr(identity, name, value)
    identity.save(update_fields=list(known))


def record_refusal(request, method, outcome):
    """Record that an answer of a provider was refused, once a minute for each address.

    Anybody can open the page to which a provider sends people back, and nobody can delete a row.
    """
    audit.record_once(
        "login.failure",
        key=(method, outcome, request.META.get("REMOTE_ADDR")),
        interval=60,
        request=request,
        outcome=outcome,
        method=method,
    )


def _identity(method, subject):
    found = Identity.objects.select_for_update(of=("self",)).select_related("user")
    return found.filter(method=method, subject=subject).first()


def _new_identity(method, subject, username):
    """Return a new identity, of a new account or of one that may be linked."""
    username = User.normalize_username(username)
    try:
        User._meta.get_field("username").clean(username, None)
    except ValidationError as error:
        raise LoginRefused(
            f"The central login calls you {username!r}, which cannot be a user name in Rolf: "
            f"{' '.join(error.messages)}",
            code="name",
        ) from error
    user, created = _account(username, by=f"central login ({method})")
    if not created:
        # The winner of two parallel first logins has made the identity meanwhile.
        if found := _identity(method, subject):
            return found
        _check_link(user, method)
    with record_change(None, user, by_name=f"central login ({method})"):
        user.central = True
        user.set_unusable_password()
        user.password_set = None
        user.save()
    return Identity.objects.create(user=user, method=method, subject=subject)


def _account(username, by):
    """Return (account, whether it was created)."""
    found = User.objects.select_for_update().filter(name_key=name_key(username)).first()
    if found:
        return found, False
    try:
        with transaction.atomic():
            user = User(username=username)
            user.set_unusable_password()
            with record_change(None, user, by_name=by):
                user.save()
            return user, True
    except IntegrityError:  # a parallel login was first
        return User.objects.select_for_update().get(name_key=name_key(username)), False


def _check_link(user, method):
    """Raise LoginRefused unless LOGIN_LINK allows the account to become that of an identity."""
    privileged = user.is_superuser or user.is_staff
    allowed = settings.LOGIN_LINK == "all" or (settings.LOGIN_LINK == "people" and not privileged)
    if not allowed or user.identities.filter(method=method).exists():
        raise LoginRefused(
            f"Rolf has an account {user.get_username()} that does not belong to this central "
            "login. A superuser of Rolf can rename it, or allow linking (LOGIN_LINK).",
            code="taken",
        )


def _describe(identity, full_name, email):
    """Give the account the full name and the address of the provider, if there are any."""
    user = identity.user
    first, _, last = " ".join(full_name.split()).rpartition(" ")
    new = {"first_name": first[:150], "last_name": last[:150]} if full_name.strip() else {}
    if email and _is_email(email):
        new["email"] = email
    changed = {name: value for name, value in new.items() if getattr(user, name) != value}
    if changed:
        with record_change(None, user, by_name=f"central login ({identity.method})"):
            for name, value in changed.items():
                setattr(user, name, value)
            user.save(update_fields=list(changed))


def _is_email(text):
    try:
        User._meta.get_field("email").clean(text, None)
    except ValidationError:
        return False
    return True
