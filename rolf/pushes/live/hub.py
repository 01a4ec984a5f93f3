"""One query of the database for all open streams, instead of one for each stream.

There is one hub for each event loop, that is for each process. It makes no query while there are
no streams, and on PostgreSQL hardly any while no push changes.
"""

import asyncio
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from django.db import Error, connections

from database.notifications import Changes

from ..models import ACTIVE, Push

PAUSE, IDLE = 0.05, 0.5  # seconds between two queries: while a followed push runs, and otherwise
QUIET = 5.0  # seconds between two queries while the database notifies of nothing
EVERYTHING = None  # instead of the key of a push: changes of any push

# Streams use one thread with one connection, and never wait for slow pages.
_thread = ThreadPoolExecutor(1, thread_name_prefix="following")
# Another one waits for notifications.
_listening = ThreadPoolExecutor(1, thread_name_prefix="listening")
_hubs = weakref.WeakKeyDictionary()


async def in_thread(function, *arguments):
    """Call a function that uses the database in the streams' thread, and await its result."""
    return await asyncio.wrap_future(_submitted(function, *arguments))


def call_in_thread(function):
    """Call a function in the streams' thread, and wait for it without an event loop."""
    return _submitted(function).result()


def open_streams():
    """Return the number of open streams of this process."""
    return sum(hub.followers for hub in list(_hubs.values()))


def _submitted(function, *arguments):
    def call():
        try:
            return function(*arguments)
        except Error:
            connections.close_all()  # so that the next call connects again
            raise

    return _thread.submit(call)


class Hub:
    """Wakes the followers of a push when its version has grown."""

    def __init__(self):
        """Start without followers."""
        self._versions = {}  # by push
        self._followers = {}  # by push: the asyncio.Events that wake its followers
        self._polling = None  # the task that queries the database
        self._joined = asyncio.Event()  # a follower has come since the last query
        self._shared = {}  # by (push, version, key): a future

    @classmethod
    def of_loop(cls):
        """Return the hub of the running event loop."""
        return _hubs.setdefault(asyncio.get_running_loop(), cls())

    @asynccontextmanager
    async def following(self, push_id):
        """Yield an asyncio.Event that is set whenever a push has changed."""
        wake = asyncio.Event()
        self._followers.setdefault(push_id, set()).add(wake)
        self._joined.set()
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll())
        try:
            yield wake
        finally:
            self._followers[push_id].discard(wake)
            if not self._followers[push_id]:
                del self._followers[push_id]
                self._versions.pop(push_id, None)
                self._forget(push_id)

    @property
    def followers(self):
        """The number of open streams."""
        return sum(map(len, self._followers.values()))

    async def shared(self, push_id, key, function, *arguments):
        """Return what the function returns, and cache it by the push's version and the key.

        Followers that have seen the same part of a push need the same news next.
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
        """Drop the cached results of a push, except those of the version `but`."""
        for key in [key for key in self._shared if key[0] == push_id and key[1] != but]:
            del self._shared[key]

    async def _poll(self):
        """Query the versions of the followed pushes while there are followers."""
        changes = Changes("rolf_push")
        try:
            while self._followers:
                self._joined.clear()
                try:
                    found = await in_thread(_versions, list(self._followers))
                except Error:  # the database does not answer; try again
                    await asyncio.sleep(IDLE)
                    continue
                self._wake(found)
                await self._pause(changes, any(active for _, active in found.values()))
        finally:
            _listening.submit(changes.close)
        self._shared.clear()
        self._versions.clear()

    def _wake(self, found):
        """Wake the followers of pushes whose version has changed."""
        for push_id, (version, _) in found.items():
            if self._versions.get(push_id) != version:
                self._versions[push_id] = version
                for wake in self._followers.get(push_id, ()):
                    wake.set()

    async def _pause(self, changes, busy):
        """Wait until the next query is due."""
        if not changes.notified:
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE if busy else IDLE):
                    await self._joined.wait()
            return
        followers = len(self._followers)
        await asyncio.sleep(PAUSE)  # a push that talks changes often
        end = asyncio.get_running_loop().time() + QUIET
        while asyncio.get_running_loop().time() < end and len(self._followers) <= followers:
            try:
                if await asyncio.wrap_future(_listening.submit(changes.wait, IDLE)):
                    return
            except Error:
                await asyncio.sleep(IDLE)
                return


def _versions(push_ids):
    """Return, by push, (its version, whether it is active)."""
    rows = Push.objects.filter(pk__in=[pk for pk in push_ids if pk is not EVERYTHING])
    found = {
        pk: (version, state in ACTIVE)
        for pk, version, state in rows.values_list("pk", "version", "state")
    }
    if EVERYTHING in push_ids:
        found[EVERYTHING] = (overall_state(Push.objects.all()), False)
    return found


def overall_state(pushes):
    """Return a value that changes when one of the pushes begins, ends, asks or loses its worker."""
    running = (
        pushes.active()
        .select_related("worker")
        .only("pk", "state", "awaits", "worker__ended", "worker__beat")
    )
    newest = pushes.order_by("-pk").values_list("pk", flat=True).first()
    return newest, frozenset((push.pk, str(push.effective_state), push.awaits) for push in running)
