"""A provider of OpenID Connect that makes the mistakes that a test asks for."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from login.configuration import oidc

from .environment import Environment

CLIENT = "rolf"


def _key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


KEY, OTHER_KEY = _key(), _key()


class Provider:
    """What the provider sends. Tests change the attributes."""

    def __init__(self, address):
        """Know Ada."""
        self.address = address
        self.claims = {
            "sub": "7",
            "preferred_username": "ada",
            "name": "Ada Lovelace",
            "email": "ada@example.org",
            "groups": ["rolf-web", "staff"],
        }
        self.id_token = {}  # claims that replace those of the ID token; None removes one
        self.key, self.algorithm, self.key_id = KEY, "RS256", "1"
        self.more_keys = []
        self.nonce = ""  # of the request; the browser brings it
        self.status = {}  # by path
        self.refresh_token = "refresh-1"  # noqa: S105
        self.requests = []

    def settings(self):
        """Return the settings of a Rolf that uses it."""
        return oidc.settings(
            Environment(
                OIDC_ISSUER=self.address,
                OIDC_AUTHORIZATION_ENDPOINT=f"{self.address}/authorize",
                OIDC_TOKEN_ENDPOINT=f"{self.address}/token",
                OIDC_USERINFO_ENDPOINT=f"{self.address}/userinfo",
                OIDC_JWKS_URI=f"{self.address}/jwks",
                OIDC_CLIENT_ID=CLIENT,
                OIDC_CLIENT_SECRET="shared",
            )
        )

    def answer(self, path, form):
        """Return (status, body)."""
        self.requests.append((path, form))
        if path in self.status:
            return self.status[path]
        return 200, getattr(self, path.strip("/"))(form)

    def token(self, form):
        """Return the tokens."""
        now = time()
        claims = {
            "iss": self.address,
            "sub": self.claims["sub"],
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            **self.id_token,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.key if self.algorithm != "none" else None
        named = {"kid": self.key_id} if self.key_id else {}
        token = jwt.encode(claims, key, self.algorithm, headers=named)
        return {
            "access_token": "access",
            "token_type": "Bearer",
            "id_token": token,
            "refresh_token": self.refresh_token,
        }

    def userinfo(self, form):
        """Return the claims."""
        return self.claims

    def jwks(self, form):
        """Return the public key."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        known = {**public, "kid": "1", "alg": "RS256", "use": "sig"}
        return {"keys": [known, *self.more_keys]}


@contextmanager
def provider():
    """Run a Provider on loopback."""
    found = SimpleNamespace()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            form = parse_qs(self.rfile.read(length).decode())
            status, body = found.provider.answer(urlsplit(self.path).path, form)
            text = body if isinstance(body, str) else json.dumps(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815 - the server's way to find it

        def log_message(self, *words):
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.provider = Provider(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield found.provider
        finally:
            server.shutdown()
            thread.join()
