"""Who follows what: one look at the database for all that is followed, instead of one by each.

A hub belongs to one event loop, hence to one process. Nothing is asked while nobody follows.
"""

import asyncio
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from django.db import Error, connections

from ..models import ACTIVE, Push

PAUSE, IDLE = 0.05, 0.5  # seconds between two looks: while a followed push runs, and otherwise
EVERYTHING = None  # followed instead of a push: whatever begins, ends or asks something

# A thread of its own, so that following has one connection, and never waits for slow pages.
_thread = ThreadPoolExecutor(1, thread_name_prefix="following")
_hubs = weakref.WeakKeyDictionary()


async def in_thread(function, *arguments):
    """Call what asks the database, beside the event loop."""
    return await asyncio.wrap_future(_submitted(function, *arguments))


def call_in_thread(function):
    """Call something there, and wait for it without an event loop."""
    return _submitted(function).result()


def _submitted(function, *arguments):
    def call():
        try:
            return function(*arguments)
        except Error:
            connections.close_all()  # the next call finds the database again, if it is there
            raise

    return _thread.submit(call)


class Hub:
    """Tells its followers when the version of their push has grown."""

    def __init__(self):
        """Nobody follows yet."""
        self._versions = {}
        self._followers = {}  # by push, the events that wake them
        self._asking = None
        self._shared = {}

    @classmethod
    def of_loop(cls):
        """Return the one of this event loop."""
        return _hubs.setdefault(asyncio.get_running_loop(), cls())

    @asynccontextmanager
    async def following(self, push_id):
        """Give an asyncio.Event that is set whenever there is something new of a push."""
        wake = asyncio.Event()
        self._followers.setdefault(push_id, set()).add(wake)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        try:
            yield wake
        finally:
            self._followers[push_id].discard(wake)
            if not self._followers[push_id]:
                del self._followers[push_id]
                self._versions.pop(push_id, None)
                self._forget(push_id)

    async def shared(self, push_id, key, function, *arguments):
        """Return what the function returns, called once for all who ask the same at a version.

        Followers of a push that have seen the same want the same next.
        """
        key = (push_id, self._versions.get(push_id), key)
        if key not in self._shared:
            self._forget(push_id, but=key[1])
            self._shared[key] = asyncio.ensure_future(in_thread(function, *arguments))
        try:
            return await asyncio.shield(self._shared[key])
        except BaseException:
            self._shared.pop(key, None)
            raise

    def _forget(self, push_id, *, but=()):
        """Drop what was shared of a push at any version `but` one."""
        for key in [key for key in self._shared if key[0] == push_id and key[1] != but]:
            del self._shared[key]

    async def _ask(self):
        while self._followers:
            try:
                found = await in_thread(_versions, list(self._followers))
            except Error:  # the database is away for a while: followers wait for it
                await asyncio.sleep(IDLE)
                continue
            for push_id, (version, _) in found.items():
                if self._versions.get(push_id) != version:
                    self._versions[push_id] = version
                    for wake in self._followers.get(push_id, ()):
                        wake.set()
            busy = any(active for _, active in found.values())
            await asyncio.sleep(PAUSE if busy else IDLE)
        self._shared.clear()
        self._versions.clear()


def _versions(push_ids):
    """Return of each push its version, and whether it is active."""
    rows = Push.objects.filter(pk__in=[pk for pk in push_ids if pk is not EVERYTHING])
    found = {pk: (version, state in ACTIVE)
             for pk, version, state in rows.values_list("pk", "version", "state")}
    if EVERYTHING in push_ids:
        found[EVERYTHING] = (standing_of(Push.objects.all()), False)
    return found


def standing_of(pushes):
    """Return what differs as soon as one of them begins, ends, asks or loses its worker."""
    running = pushes.active().select_related("worker").only(
        "pk", "state", "awaits", "worker__ended", "worker__beat")
    newest = pushes.order_by("-pk").values_list("pk", flat=True).first()
    return newest, frozenset((push.pk, str(push.effective_state), push.awaits) for push in running)
