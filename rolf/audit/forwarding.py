"""Send the audit log to its sinks. Each sink has a row in the database that says how far it is."""

import logging
import secrets
import time
from datetime import timedelta

from django.conf import settings
from django.db import Error, close_old_connections, connections
from django.db.models import Q

from database import clock

from .models import Delivery, Entry, Head, Pending
from .sinks import sink_of

PAUSE = 1.0  # seconds between two looks for new rows
LEASE = timedelta(seconds=15)  # a batch takes at most three times sinks.TIMEOUT
BATCH = 500  # rows
RETRY = 3.0  # seconds after a failure

logger = logging.getLogger("rolf.audit")


class Forwarder:
    """Sends new rows to all sinks; of several forwarders, one at a time sends to a sink."""

    def __init__(self, urls=None):
        """`urls` are those of the setting AUDIT_SINKS unless they are given."""
        self._name = secrets.token_hex(8)
        self._urls = settings.AUDIT_SINKS if urls is None else urls
        self._due = dict.fromkeys(self._urls, 0.0)  # when to try again after a failure
        self._failing = set()

    def run(self, goes_on):
        """Send until `goes_on` returns False."""
        while goes_on():
            try:
                self.step()
            except Error as error:
                logger.warning("the audit log cannot be read: %s", error)
                connections.close_all()
                time.sleep(RETRY)
            close_old_connections()
            time.sleep(PAUSE)

    def step(self):
        """Send what is new, to all sinks that are due."""
        if Pending.objects.exists():
            Entry.objects.append_pending()
        head = Head.objects.get().sequence
        for url in self._urls:
            while time.monotonic() >= self._due[url] and self._send(url, head):
                pass

    def _send(self, url, head):
        """Send a batch to the sink; return whether there may be more."""
        delivery = self._claim(url, head)
        if delivery is None:
            return False
        entries = list(
            Entry.objects.filter(sequence__gt=delivery.sent).order_by("sequence")[:BATCH]
        )
        if not entries:
            return False
        try:
            sink_of(url).send(entries)
        except (OSError, ValueError) as error:
            self._due[url] = time.monotonic() + RETRY
            if url not in self._failing:
                self._failing.add(url)
                logger.error("the audit log is not sent to %s: %s", _shown(url), error)
            return False
        if url in self._failing:
            self._failing.discard(url)
            logger.warning("the audit log is sent to %s again", _shown(url))
        last = entries[-1].sequence
        mine = Delivery.objects.filter(url=url, holder=self._name)
        return bool(mine.update(sent=last, until=clock.now() + LEASE)) and last < head

    def _claim(self, url, head):
        """Return the row of the sink if there is something to send and nobody else does."""
        delivery, _ = Delivery.objects.get_or_create(url=url)
        if delivery.sent >= head:
            return None
        now = clock.now()
        free = Q(holder=self._name) | Q(until=None) | Q(until__lt=now)
        claimed = Delivery.objects.filter(free, pk=delivery.pk)
        if not claimed.update(holder=self._name, until=now + LEASE):
            return None
        delivery.refresh_from_db()
        return delivery


def _shown(url):
    """Return the URL without its options, which name files of keys."""
    return url.partition("?")[0]
