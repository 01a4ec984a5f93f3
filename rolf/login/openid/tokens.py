"""The tokens by which Rolf asks about a person later, encrypted in Identity.details.

The provider's tokens open more than Rolf, so they have the same protection as the secrets of
deployments (encryption/fernet.py): a copy of the database without data/seal.key opens nothing.
"""

from encryption.fernet import DecryptionError, decrypt, encrypt


def stored_tokens(access_token, refresh_token):
    """Return the details of an identity with these tokens."""
    return {"access": encrypt(access_token or ""), "refresh": encrypt(refresh_token or "")}


def read_tokens(details):
    """Return (access token, refresh token); empty texts for those that Rolf does not have."""
    try:
        return decrypt(details.get("access", "")), decrypt(details.get("refresh", ""))
    except DecryptionError:
        return "", ""  # the key was replaced: the person has to log in again
