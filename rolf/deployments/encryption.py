"""Encryption of secrets: the key file, and text under its keys."""

import hashlib
import hmac
import os
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def read(path, make):
    """Return what the file holds; `make()` gives its bytes where there is none yet."""
    try:
        if not path.exists():
            _write(path, make)
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path}: {error.strerror}; be the user whose Rolf this is (ls -l {path.parent})"
        ) from error


def _write(path, make):
    """Of two processes that come first, one makes it; the name appears with the key in it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink(missing_ok=True)


class DecryptionError(Exception):
    """A secret can't be read with the key that is here."""


def encrypt(text):
    """Return the text such that only who has the key reads it; of nothing, nothing."""
    if not text:
        return ""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(sealed):
    """Return the text; empty if nothing was sealed. Raises DecryptionError."""
    if not sealed:
        return ""
    from cryptography.fernet import InvalidToken

    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise DecryptionError(
            f"a secret was sealed with another key than that of {settings.SEAL_KEY_FILE}; "
            "bring that key back, or give the secret anew") from None


def fingerprint(text):
    """Return what tells two texts apart, and nothing about them to who hasn't the key."""
    return hmac.new(_keys()[0].encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


@cache
def _fernet():
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(key) for key in _keys()])


@cache
def _keys():
    from cryptography.fernet import Fernet

    if settings.SEAL_KEYS:
        return settings.SEAL_KEYS
    return read(settings.SEAL_KEY_FILE, Fernet.generate_key).split()
