"""Settings of ./manage.py rolf, which needs no web server. A proxy may terminate TLS."""

import secrets
import socket

from encryption.fernet import read_or_create

from .base import *

DEBUG = False

# The first start creates the file. A new key would log all users out.
SECRET_KEY = env("SECRET_KEY", default="") or read_or_create(
    BASE_DIR / "data" / "secret_key", lambda: secrets.token_urlsafe(50).encode()
)

# The machine's name in its own network.
ALLOWED_HOSTS = [*ALLOWED_HOSTS, socket.gethostname()]

# Rolf serves /static/ straight from the apps, with no collectstatic. The names have no hashes, so
# browsers ask each time whether a file has changed.
MIDDLEWARE = [MIDDLEWARE[0], "server.static_files.StaticFilesMiddleware", *MIDDLEWARE[1:]]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
WHITENOISE_MAX_AGE = 0
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Browsers do not send secure cookies over http.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("TLS_PROXY", default=False)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
if SESSION_COOKIE_SECURE:
    # Browsers accept cookies of these names over https only, and for this host only.
    SESSION_COOKIE_NAME = "__Host-rolf"
    CSRF_COOKIE_NAME = "__Host-csrf"
