"""Slow down password guessing: repeated attempts from one address have to wait.

An attempt counts before the password is checked, so that parallel requests can't evade the delay.
Each address has its own count for an account: nobody can lock out another user.
"""

import unicodedata
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address, ip_network
from math import ceil

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import salted_hmac

from database import clock

from .models import LoginAttempts
from .user_names import name_key

FREE = 5  # attempts without a delay; then 1 second, 2, 4 ...
LONGEST = timedelta(minutes=5)
FORGOTTEN = timedelta(days=1)


class TooManyAttempts(ValidationError):  # noqa: N818 - the name of the condition, as in Django
    """The client has to wait for ``seconds`` before the next attempt."""

    def __init__(self, wait):
        """``wait`` is a timedelta."""
        self.seconds = ceil(wait.total_seconds())
        unit = "second" if self.seconds == 1 else "seconds"
        super().__init__(f"Too many attempts: wait {self.seconds} {unit}.", code="too_soon")


@contextmanager
def throttled_attempt(request, account):
    """Count an attempt for the account; reset the count if the block raises nothing.

    The block checks the password. Raises TooManyAttempts, before the block runs. Without a request,
    attempts from all addresses have one count.
    """
    key = _key(account, request.META.get("REMOTE_ADDR", "") if request else "")
    if wait := _count_attempt(key):
        raise TooManyAttempts(wait)
    yield
    LoginAttempts.objects.filter(key=key).delete()


def delay(number):
    """Return how long to wait between that many attempts and the next one."""
    if number < FREE:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(number - FREE, 20)), LONGEST)


@transaction.atomic
def _count_attempt(key):
    """Count an attempt and return None; or return how long to wait, and count nothing."""
    now = clock.now()
    LoginAttempts.objects.filter(last__lt=now - FORGOTTEN).delete()
    attempts, _ = LoginAttempts.objects.select_for_update().get_or_create(
        key=key, defaults={"last": now}
    )
    wait = attempts.last + delay(attempts.number) - now
    if wait > timedelta(0):
        return wait
    attempts.number += 1
    attempts.last = now
    attempts.save()
    return None


def _key(account, address):
    return salted_hmac(
        "accounts.tries", f"{_network(address)} {_plain(account)}", algorithm="sha256"
    ).hexdigest()


def _plain(account):
    """Return the name without accents: Active Directory finds `ada` by `ádá`, too."""
    letters = unicodedata.normalize("NFKD", name_key(account))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _network(address):
    """Return the network of one subscriber: with IPv6 that is usually a /64 (RFC 6177)."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""  # a Unix socket has no address
    if found.version == 4:
        return str(found)
    # A socket for both versions shows a client of version 4 as ::ffff:192.0.2.1.
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
