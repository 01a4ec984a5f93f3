"""A chunk of a log in the store of logs: its bytes and spans, compressed.

Each frame is an object of its own, so that a reader gets any part of a log without the rest, from
each store. Its name has the frame's SHA-256.
"""

import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache

from ..store.objects import StoreError, log_store

LEVEL = 1  # 6 takes three times as long and saves 5 % of the space
KEPT = 8  # frames that a process keeps; the pages of a log ask for the same ones again
THREADS = 4  # a store far away takes longer to answer than to send a frame
_LENGTH = 4  # bytes of the header


def pack(data, spans):
    """Return the frame of a chunk."""
    data = zlib.compress(data, LEVEL)
    spans = zlib.compress(json.dumps(spans).encode(), LEVEL)
    return len(data).to_bytes(_LENGTH, "big") + data + spans


def unpack(frame):
    """Return (data, spans as compressed JSON) of a frame."""
    end = _LENGTH + int.from_bytes(frame[:_LENGTH], "big")
    return zlib.decompress(frame[_LENGTH:end]), frame[end:]


def unpack_spans(compressed):
    """Return the spans that `unpack` has left compressed: most readers need none."""
    return json.loads(zlib.decompress(compressed))


def object_name(push_id, offset, digest):
    """Return the name of a frame in the store."""
    return f"logs/{push_id // 1000}/{push_id}/{offset}-{bytes(digest).hex()}"


@lru_cache(KEPT)
def read(push_id, offset, digest):
    """Return (data, spans as compressed JSON) of a chunk in the store. Raise StoreError."""
    store = log_store()
    if store is None:
        raise StoreError("ROLF_LOG_STORE is not set, but logs are in a store")
    return unpack(store.get(object_name(push_id, offset, digest), digest))


def read_ahead(rows):
    """Start to read the stored chunks among rows, several at a time. Return futures by key."""
    return {
        row.pk: _threads(os.getpid()).submit(read, row.push_id, row.offset, bytes(row.digest))
        for row in rows
        if row.digest
    }


@cache
def _threads(process):
    """Return the threads of a process; those of its parent do not run in it."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="frames")
