"""Staging: production under another name, in a directory of its own, with its own .env."""

from .production import *
from .production import LOOPBACK, env

SITE_DOMAIN = env("SITE_DOMAIN", default="staging.rolf.example.org")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_DOMAIN, *LOOPBACK])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"https://{SITE_DOMAIN}"])
