"""A developer's machine: everything is shown, nothing needs a web server."""

from .base import *
from .base import CONTENT_SECURITY_POLICY, INSTALLED_APPS, MIDDLEWARE, env

DEBUG = env.bool("DEBUG", default=True)
# A fresh clone has no .env; what is signed on a developer's machine guards nothing.
SECRET_KEY = env("SECRET_KEY", default="") or "insecure: for development only"

# WhiteNoise serves /static/ from the sources, as Apache does from the collected files.
INSTALLED_APPS = ["whitenoise.runserver_nostatic", *INSTALLED_APPS]
MIDDLEWARE = [MIDDLEWARE[0], "whitenoise.middleware.WhiteNoiseMiddleware", *MIDDLEWARE[1:]]

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# Reported, not enforced: Django's own page about an exception has inline styles and scripts.
CONTENT_SECURITY_POLICY_REPORT_ONLY = CONTENT_SECURITY_POLICY
CONTENT_SECURITY_POLICY = None
