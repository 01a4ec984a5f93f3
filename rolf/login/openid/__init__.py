"""OpenID Connect, by mozilla-django-oidc: the authorization code flow with PKCE.

The library sends people to the provider, keeps state, nonce and code verifier, exchanges the code,
and checks signature and nonce of the ID token. `backend.py` checks the rest that OpenID Connect
Core 1.0 asks for.
"""
