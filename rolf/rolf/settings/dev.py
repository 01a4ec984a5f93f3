"""Settings for development."""

from .base import *

DEBUG = env.bool("DEBUG", default=True)

# For a fresh clone, which has no .env.
SECRET_KEY = env("SECRET_KEY", default="") or "django-insecure-for-development-only"

# WhiteNoise serves /static/ straight from the apps, with no collectstatic.
INSTALLED_APPS = ["whitenoise.runserver_nostatic", *INSTALLED_APPS]
MIDDLEWARE = [MIDDLEWARE[0], "whitenoise.middleware.WhiteNoiseMiddleware", *MIDDLEWARE[1:]]

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# Browsers report violations but allow them: Django's debug page has inline styles and scripts.
CONTENT_SECURITY_POLICY_REPORT_ONLY = CONTENT_SECURITY_POLICY
CONTENT_SECURITY_POLICY = None
