"""The back end: from the provider's answer to the account."""

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from login.accept import accept
from login.methods.central import CentralBackend

from .claims import outside_of
from .tokens import stored_tokens

LEEWAY = 60  # seconds that the provider's clock may differ
CLAIMS = ("iss", "sub", "aud", "exp", "iat")
# What the libraries raise for an answer that is not in order. One without JSON is a ValueError.
INVALID = (SuspiciousOperation, jwt.PyJWTError, KeyError, TypeError, ValueError, AttributeError)


class Backend(CentralBackend, OIDCAuthenticationBackend):
    """Accept the person whom the provider's ID token names."""

    refresh_token = ""

    def authenticate(self, request, *, nonce, code_verifier):
        """Return the account. Raise LoginRefused, a RequestException, or one of INVALID.

        Only the callback has a nonce, so Django asks no other form for this back end.
        """
        return OIDCAuthenticationBackend.authenticate(
            self, request, nonce=nonce, code_verifier=code_verifier
        )

    def get_token(self, payload):
        """Return the provider's tokens, and keep the refresh token."""
        tokens = super().get_token(payload)
        self.refresh_token = tokens.get("refresh_token", "")
        return tokens

    def retrieve_matching_jwk(self, token):
        """Return the key that the token names. It need name none if there is one only (10.1)."""
        response = requests.get(self.OIDC_OP_JWKS_ENDPOINT, timeout=settings.OIDC_TIMEOUT)
        response.raise_for_status()
        named = jwt.get_unverified_header(token).get("kid")
        keys = [key for key in response.json()["keys"] if key.get("use", "sig") == "sig"]
        found = [key for key in keys if key.get("kid") == named] if named else keys
        if len(found) != 1:
            raise SuspiciousOperation(f"the provider has {len(found)} keys {named or ''}")
        return jwt.PyJWK(found[0], algorithm=self.OIDC_RP_SIGN_ALGO)

    def get_payload_data(self, token, key):
        """Return the claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7)."""
        claims = jwt.decode(
            token,
            key,
            algorithms=[self.OIDC_RP_SIGN_ALGO],
            audience=self.OIDC_RP_CLIENT_ID,
            issuer=settings.OIDC_ISSUER,
            leeway=LEEWAY,
            options={"require": CLAIMS},
        )
        if claims.get("azp", self.OIDC_RP_CLIENT_ID) != self.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation("the ID token was issued for another client")
        return claims

    def get_or_create_user(self, access_token, id_token, payload):
        """Return the account that `accept` finds for the claims."""
        claims = self.claims(access_token, payload["sub"])
        claims = {**payload, **claims}
        outside = outside_of(claims)
        return accept(
            "oidc",
            payload["sub"],
            str(claims.get(settings.OIDC_USER_NAME) or ""),
            groups=outside.groups,
            full_name=outside.full_name,
            email=outside.email,
            request=self.request,
            details=stored_tokens(access_token, self.refresh_token),
        )

    def id_claims(self, token, subject):
        """Return the claims of an ID token that came with a refreshed access token (12.2)."""
        claims = self.get_payload_data(token, self.retrieve_matching_jwk(token))
        if claims["sub"] != subject:
            raise jwt.InvalidTokenError("the ID token is that of another person")
        return claims

    def claims(self, access_token, subject):
        """Return the user info, which must be that of the same person (5.3.2)."""
        found = self.get_userinfo(access_token, None, None)
        if found.get("sub") != subject:
            raise jwt.InvalidTokenError("the user info is that of another person")
        return found
