"""Where the checkout of a failed push is: in the work directory of one machine, or in the store."""

import hashlib
import logging
import sys
import tempfile
from pathlib import Path

from bootstrapper.errors import InputError, WorkFailed
from django.conf import settings
from django.db.models import OuterRef, Subquery

from deployments.stage_account import remove, stage_account
from deployments.work_place import readable, work_place

from ..models import ACTIVE, Push, Worker
from ..store.objects import StoreError, checkout_store
from . import archive
from .archive import TooLarge, Unsafe

CHECKOUT = "checkout"  # within the directory of a push; its stages/ are written again

logger = logging.getLogger("rolf.checkouts")


def resumable_on(push, place):
    """Return whether a worker with the work directory `place` can resume a push."""
    return bool(push.checkout) or push.kept_on in ("", place)


def refusal(push):
    """Return why no worker can resume a push now, as a sentence; "" if one can."""
    if push.checkout or not push.kept_on:
        return ""
    if Worker.objects.heard().filter(place=push.kept_on).exists():
        return ""
    return (
        f"The checkout of this push is in {readable(push.kept_on)}, and no worker runs there. "
        "Start a worker there, or push again."
    )


def keep(push, directory, *, meanwhile=lambda: None):
    """Put the checkout of a push that has stopped into the store, if there is one.

    If that fails, it stays in its work directory, and only a worker there can resume the push.
    """
    store = checkout_store()
    checkout = Path(directory, CHECKOUT)
    if store is None or not checkout.is_dir():
        return
    try:
        with tempfile.TemporaryFile(dir=settings.WORK_DIRECTORY) as file:
            most = settings.CHECKOUT_STORE_MB * 1_000_000
            _pack(checkout, file, most, meanwhile)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").digest()
            file.seek(0)
            store.put(object_name(push.pk), file, digest)
    except (StoreError, TooLarge, Unsafe, OSError, WorkFailed) as error:
        logger.warning(
            "the checkout of push id %s stays in %s: %s",
            push.pk,
            work_place(),
            error,
            extra={"push_id": push.pk},
        )
        return
    Push.objects.filter(pk=push.pk).update(checkout=digest.hex())


def restore(push, directory):
    """Bring the checkout of a push into its local directory. Raise InputError or WorkFailed."""
    place = work_place()
    if push.kept_on in ("", place):
        return
    if not push.checkout:
        raise InputError(
            f"push {push.number}",
            f"its checkout is in {readable(push.kept_on)}, not in {readable(place)}",
            "set ROLF_CHECKOUT_STORE, or push again",
        )
    directory = Path(directory)
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=directory.parent, prefix="unpacking-"))
    (aside / "stages").mkdir(mode=0o700)
    stage_account().admit(aside)
    try:
        with tempfile.TemporaryFile(dir=settings.WORK_DIRECTORY) as file:
            for piece in _stored(push):
                file.write(piece)
            file.seek(0)
            _unpack(file, aside / CHECKOUT)
        if directory.exists():
            remove(directory)  # of an earlier attempt on this machine
        aside.rename(directory)
    except (StoreError, Unsafe, OSError) as error:
        raise WorkFailed(
            f"push {push.number}",
            f"its checkout can't be read from the store: {error}",
            "check ROLF_CHECKOUT_STORE, then resume the push again, or push again",
        ) from error
    finally:
        if aside.exists():
            remove(aside)


def _pack(checkout, file, most, meanwhile):
    """Pack as the user whose files these are."""
    account = stage_account()
    if account.other:
        words = [sys.executable, "-I", archive.__file__, "pack", str(checkout), str(most)]
        account.run(words, stdout=file, meanwhile=meanwhile)
    else:
        archive.pack(checkout, file, most=most, meanwhile=meanwhile)


def _unpack(file, checkout):
    account = stage_account()
    if account.other:
        words = [sys.executable, "-I", archive.__file__, "unpack", str(checkout)]
        account.run(words, stdin=file.fileno())
    else:
        archive.unpack(file, checkout)


def _stored(push):
    store = checkout_store()
    if store is None:
        raise StoreError("ROLF_CHECKOUT_STORE is not set")
    return store.pieces(object_name(push.pk), bytes.fromhex(push.checkout))


def forget_old():
    """Delete the checkouts of pushes that nobody can resume any more."""
    store = checkout_store()
    if store is None:
        return
    begun = Push.objects.filter(deployment=OuterRef("deployment")).exclude(number=None)
    last = Subquery(begun.order_by("-number").values("pk")[:1])
    for push in (
        Push.objects.exclude(checkout="").exclude(state__in=ACTIVE).annotate(last=last).listed()
    ):
        if push.pk != push.last or not push.stopped:
            store.delete(object_name(push.pk))
            Push.objects.filter(pk=push.pk).update(checkout="")


def object_name(push_id):
    """Return the name of a checkout in the store."""
    return f"checkouts/{push_id}.tar.gz"
