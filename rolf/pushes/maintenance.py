"""The daily maintenance of pushes, which a worker does."""

import logging

from . import retention
from .checkouts import keep
from .logs import archive, join
from .store.objects import StoreError, checkout_store, log_store

logger = logging.getLogger("rolf.logs")


def maintain():
    """Join the chunks of logs that nobody has joined, remove old logs, and store the others."""
    join.finish_all()
    retention.prune()
    archive.store_due()
    stores = [store.tidy for store in (log_store(), checkout_store()) if store]
    for clean in (keep.forget_old, *stores):
        try:
            clean()
        except StoreError as error:
            logger.warning("%s", error)
