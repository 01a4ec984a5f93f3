"""What ./manage.py rolf runs with: no other server is needed; one that ends TLS may be in front."""

import secrets
import socket

from deployments import encryption

from .base import *
from .base import ALLOWED_HOSTS, BASE_DIR, MIDDLEWARE, env

DEBUG = False

# Made once: with another one everybody is logged out.
SECRET_KEY_FILE = BASE_DIR / "data" / "secret_key"
SECRET_KEY = env("SECRET_KEY", default="") or encryption.read(
    SECRET_KEY_FILE, lambda: secrets.token_urlsafe(50).encode()
)

# What people of this network call the machine.
ALLOWED_HOSTS = [*ALLOWED_HOSTS, socket.gethostname()]

# /static/ comes from the sources, so that there is nothing to collect; a browser asks each time
# whether a file has changed, as names don't tell.
MIDDLEWARE = [MIDDLEWARE[0], "server.static_files.StaticFilesMiddleware", *MIDDLEWARE[1:]]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
WHITENOISE_MAX_AGE = 0
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Over http, as on the loopback device, browsers would never send a secure cookie back.
TLS_PROXY = env.bool("TLS_PROXY", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS_PROXY
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
