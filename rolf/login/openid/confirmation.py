"""Ask the provider about a person who is not there: by a refresh token, or by the access token."""

from contextlib import contextmanager, nullcontext
from threading import Lock

from django.conf import settings
from django.db import connection, transaction
from requests import HTTPError, RequestException

from login.methods import CannotAsk, Unreachable
from login.models import Identity

from .backend import INVALID, Backend
from .claims import claim, outside_of
from .tokens import read_tokens, stored_tokens

# RFC 6749, 5.2: the refresh token is invalid, expired or revoked, because the person is.
REVOKED = "invalid_grant"
_locks = [Lock() for _ in range(64)]


def ask(identity):
    """Return the Outside of the person; None if the provider has revoked the login.

    Raise Unreachable; or CannotAsk, if Rolf has no token that works without the person.
    """
    backend = Backend()
    id_token = ""
    with _alone(identity) as held:
        access, refresh = read_tokens(held.details)
        try:
            if refresh:
                access, id_token = _refresh(backend, held, refresh)
            elif not access:
                raise CannotAsk
            claims = _claims(backend, identity, access, id_token) if access else None
        except HTTPError as error:
            if _status(error) == 401 and not refresh:
                raise CannotAsk from error  # the access token has expired
            raise Unreachable(str(error)) from error
        except (RequestException, *INVALID) as error:
            raise Unreachable(str(error)) from error
    return outside_of(claims) if claims is not None else None


def _claims(backend, identity, access, id_token):
    """Return the claims of the user info, with those of the ID token if groups are missing.

    Entra ID sends groups in ID tokens only, and some providers send ID tokens at a login only.
    Raise CannotAsk if the person has groups of the provider, and no answer has the claim.
    """
    claims = backend.claims(access, identity.subject)
    if claim(claims, settings.OIDC_GROUPS) is None and id_token:
        claims = {**backend.id_claims(id_token, identity.subject), **claims}
    if claim(claims, settings.OIDC_GROUPS) is None and identity.managed.exists():
        raise CannotAsk
    return claims


def _refresh(backend, identity, refresh):
    """Return a new access token and the ID token, which may be empty.

    Store the access token with the refresh token that may come with it. Return ("", "") if the
    provider has revoked the refresh token.
    """
    request = {
        "grant_type": "refresh_token",
        "refresh_token": refresh,
        "client_id": backend.OIDC_RP_CLIENT_ID,
        "client_secret": backend.OIDC_RP_CLIENT_SECRET,
    }
    try:
        tokens = backend.get_token(request)
    except HTTPError as error:
        if _status(error) == 400 and error.response.json().get("error") == REVOKED:
            return "", ""
        raise
    access = tokens.get("access_token", "")
    details = stored_tokens(access, tokens.get("refresh_token") or refresh)
    Identity.objects.filter(pk=identity.pk).update(details=details)
    return access, tokens.get("id_token") or ""


def _status(error):
    return error.response.status_code if error.response is not None else None


@contextmanager
def _alone(identity):
    """Yield the identity as it is stored, while no other request asks about it.

    Many providers take a refresh token once, and end the login if it comes twice. On SQLite, a
    transaction would stop all others; there, only requests of this process wait for each other.
    """
    lock = nullcontext()
    block = transaction.atomic()
    if not connection.features.has_select_for_update:
        lock, block = _locks[identity.pk % len(_locks)], nullcontext()
    with lock, block:
        yield Identity.objects.select_for_update().get(pk=identity.pk)
