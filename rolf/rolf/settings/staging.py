"""Settings for staging: those of production, with a host name of its own."""

from .production import *

SITE_DOMAIN = env("SITE_DOMAIN", default="staging.rolf.example.org")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_DOMAIN, "localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"https://{SITE_DOMAIN}"])
