"""How often somebody may try passwords: from one address, each account has its own delay.

A try is counted before the password is looked at, so that many at once are no way around it. What
is tried from elsewhere counts for itself: nobody can keep somebody else out.
"""

from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address, ip_network
from math import ceil

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

FREE = 5  # tries without a delay; then a second, two, four ...
LONGEST = timedelta(minutes=5)
FORGOTTEN = timedelta(days=1)


class TooSoonError(ValidationError):
    """Whoever it is has to wait."""

    def __init__(self, wait):
        """Tell for how many seconds."""
        self.seconds = ceil(wait.total_seconds())
        unit = "second" if self.seconds == 1 else "seconds"
        super().__init__(f"Too many tries: wait {self.seconds} {unit}.", code="too_soon")


@contextmanager
def one_try(request, account):
    """Let the block try a password of the account; if it raises nothing, the password was right.

    Raises TooSoonError.
    """
    address = request.META.get("REMOTE_ADDR", "")
    wait = Tries.objects.note(account, address)
    if wait:
        raise TooSoonError(wait)
    yield
    Tries.objects.of(account, address).delete()


class TriesQuerySet(models.QuerySet):
    """Tries by who makes them."""

    def of(self, account, address):
        """Return those of an account from an address."""
        return self.filter(key=_key(account, address))

    @transaction.atomic
    def note(self, account, address):
        """Note one more; return how long to wait instead, or None: then it may be made."""
        now = timezone.now()
        self.filter(last__lt=now - FORGOTTEN).delete()
        tries, _ = self.select_for_update().get_or_create(
            key=_key(account, address), defaults={"last": now})
        wait = tries.last + delay(tries.number) - now
        if wait > timedelta(0):
            return wait
        tries.number += 1
        tries.last = now
        tries.save()
        return None


class Tries(models.Model):
    """What was tried for an account from an address since the right password was.

    `key` is a hash of both: what people type for a name now and then is their password.
    """

    key = models.CharField(max_length=64, unique=True)
    number = models.PositiveIntegerField(default=0)
    last = models.DateTimeField(db_index=True)

    objects = TriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "tries"

    def __str__(self):
        return f"{self.number} up to {self.last}"


def delay(number):
    """Return how long after that many tries the next one may come."""
    if number < FREE:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(number - FREE, 20)), LONGEST)


def _key(account, address):
    return salted_hmac("accounts.tries", f"{_network(address)} {account.casefold()}",
                       algorithm="sha256").hexdigest()


def _network(address):
    """Return whose the address is: who has one of IPv6 usually has the whole /64 (RFC 6177)."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""  # over a Unix socket there is none
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
