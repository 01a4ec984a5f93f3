"""An outside group that was left, and an account that was disabled, take effect in 15 minutes.

Pages, event streams and API tokens ask `is_confirmed` each time. It reads one row, and asks the
provider when a third of LOGIN_CONFIRM_WITHIN is over:

- The provider confirms the person: the groups are set again.
- The provider does not: the account has lost its groups and its sessions; tokens are refused.
- The provider cannot be asked without the person (REMOTE_USER, CAS): sessions and tokens end
  LOGIN_CONFIRM_WITHIN seconds after the last login.
- The provider cannot be reached: sessions and tokens stay for LOGIN_PROVIDER_AWAY seconds after the
  last confirmation.

Local accounts have no provider, so they cost no query. A local superuser can always log in.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import Q

import audit
from database import clock

from .accept import confirm
from .group_sync import set_groups
from .methods import CannotAsk, Unreachable, method
from .models import Identity

RETRY = timedelta(seconds=30)  # between two questions to a provider that cannot be reached

logger = logging.getLogger("rolf.login")


def is_confirmed(user):
    """Return whether the user may act: a local account may; others need a recent confirmation."""
    if not user.central:
        return True
    # Without any(): each provider is asked, so that each sets the groups that it gives.
    return True in [_holds(identity) for identity in user.identities.select_related("user")]


def _holds(identity):
    """Return whether the identity is confirmed; ask its provider if that was a while ago."""
    chosen = method(identity.method)
    if chosen is None or identity.confirmed is None:
        return False
    age = clock.now() - identity.confirmed
    limit = timedelta(seconds=settings.LOGIN_CONFIRM_WITHIN)
    if chosen.ask is None:
        return age < limit
    if age >= limit / 3 and _may_ask(identity, must=age >= limit):
        _ask(chosen, identity)
        if identity.confirmed is None:
            return False
        age = clock.now() - identity.confirmed
    if identity.unreachable is not None:
        limit = max(limit, timedelta(seconds=settings.LOGIN_PROVIDER_AWAY))
    return age < limit


def _may_ask(identity, *, must):
    """Return whether this process asks now, and not another one or only later.

    One process asks at a time while the last confirmation is good enough; each one that cannot go
    on without (`must`) asks, unless the provider could not be reached a moment ago.
    """
    now = clock.now()
    if must and identity.unreachable is None:
        return True
    free = Q(asked=None) | Q(asked__lt=now - RETRY)
    return bool(Identity.objects.filter(free, pk=identity.pk).update(asked=now))


def _ask(chosen, identity):
    """Ask the provider, and store what it says."""
    try:
        outside = chosen.ask(identity)
    except CannotAsk:
        pass
    except Unreachable as error:
        logger.warning("%s cannot be asked about %s: %s", chosen.title, identity, error)
        now = identity.unreachable = clock.now()
        Identity.objects.filter(pk=identity.pk).update(unreachable=now, asked=now)
    else:
        if outside is None:
            refuse(identity)
        else:
            confirm(identity)
            set_groups(identity, outside.groups)


def refuse(identity):
    """Take from the account what the provider gave: it says that the person may not log in."""
    logger.info("%s may no longer log in", identity)
    identity.confirmed = None
    Identity.objects.filter(pk=identity.pk).update(confirmed=None)
    set_groups(identity, ())
    ended = identity.user.sessions.filter(method=identity.method).end()
    audit.record("login.revoked", user=identity.user, method=identity.method, sessions=ended)
