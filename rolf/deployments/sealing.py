"""Secrets at rest: sealed with a key that is not in the database.

The key is ROLF_SEAL_KEY of the environment, else the file of SEAL_KEY_FILE, which the first use
makes. Web server and worker need the same one. Several keys, one a line: the first seals.

cryptography is imported where it is used: it takes 7 MB, which most processes never need.
"""

import hashlib
import hmac
from functools import cache

from django.conf import settings

from rolf import key_file


class SealError(Exception):
    """A secret can't be read with the key that is here."""


def seal(text):
    """Return the text such that only who has the key reads it; of nothing, nothing."""
    if not text:
        return ""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed):
    """Return the text; empty if nothing was sealed. Raises SealError."""
    if not sealed:
        return ""
    from cryptography.fernet import InvalidToken

    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealError(
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
    return key_file.read(settings.SEAL_KEY_FILE, Fernet.generate_key).split()
