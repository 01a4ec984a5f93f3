"""Encrypt secrets of deployments and logins with keys from the environment or a file."""

import hashlib
import hmac
import os
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def read_or_create(path, create):
    """Return the text of the file; if it does not exist, write the bytes of `create()` first."""
    try:
        if not path.exists():
            _create(path, create)
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path}: {error.strerror}; run Rolf as the user who owns the file\n"
            f"  next: ls -l {path.parent}"
        ) from error


def _create(path, create):
    """Create the file; of two processes that do so at once, the first one wins."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(create())
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink(missing_ok=True)


class DecryptionError(Exception):
    """A secret was encrypted with another key."""


def encrypt(text):
    """Return the encrypted text; "" for an empty text."""
    if not text:
        return ""
    return fernet(keys()).encrypt(text.encode()).decode()


def decrypt(encrypted):
    """Return the decrypted text; "" for an empty one. Raises DecryptionError."""
    if not encrypted:
        return ""
    from cryptography.fernet import InvalidToken

    try:
        return fernet(keys()).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise DecryptionError(
            f"the secret was encrypted with a key that is not in {settings.SEAL_KEY_FILE}: "
            "restore that key, or enter the secret again"
        ) from None


def fingerprint(text):
    """Return a keyed hash, which differs for two texts and reveals nothing about them."""
    return hmac.new(keys()[0].encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


@lru_cache(maxsize=4)
def fernet(keys):
    """Return the MultiFernet of the keys: the first one encrypts, all of them decrypt."""
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(key) for key in keys])


def keys():
    """Return the keys: those of ROLF_SEAL_KEY, or of the file, which the first call creates.

    The file is read again when it has changed, so that no process needs a restart after a rotation.
    """
    if settings.SEAL_KEYS:
        return tuple(settings.SEAL_KEYS)
    try:
        stat = settings.SEAL_KEY_FILE.stat()
        stamp = stat.st_mtime_ns, stat.st_ino, stat.st_size
    except OSError:
        stamp = None  # reading it creates it, or says what is wrong
    return _keys_of(settings.SEAL_KEY_FILE, stamp) if stamp else _read(settings.SEAL_KEY_FILE)


@lru_cache(maxsize=4)
def _keys_of(path, stamp):
    return _read(path)


def _read(path):
    from cryptography.fernet import Fernet

    return tuple(read_or_create(path, Fernet.generate_key).split())
