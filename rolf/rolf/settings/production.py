"""Settings for production, behind Apache."""

from django.core.exceptions import ImproperlyConfigured

from rolf.environment import missing_secret_key

from .base import *

DEBUG = False

SECRET_KEY = env("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(missing_secret_key())

# collectstatic adds a hash of the content to each file's name, so that browsers can cache the file
# for ever. References in style sheets and JavaScript modules get the same names.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "rolf.hashed_files.HashedFilesStorage"},
}

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

# If a proxy terminates TLS, the request arrives by http, but its Origin header says https.
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"https://{SITE_DOMAIN}"])

# Browsers refuse http for this long, even if the certificate stops working. When https has worked
# for some weeks, raise it to a year (31536000) in .env.
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=60 * 60)
# HSTS does not include subdomains or preloading: this project cannot know if they all use https.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Trust X-Forwarded-Proto only if a proxy sets it. Otherwise visitors could set it themselves.
if env.bool("TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Off by default: Apache or the proxy redirects, and smoke tests use http on the loopback interface.
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
if not SECURE_SSL_REDIRECT:
    SILENCED_SYSTEM_CHECKS.append("security.W008")

LOGGING["handlers"]["stderr"]["formatter"] = "json"

if dsn := env("SENTRY_DSN", default=""):
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        environment=env("DJANGO_SETTINGS_MODULE").rpartition(".")[2],
        send_default_pii=False,
        # Local variables and request bodies contain secrets of deployments.
        include_local_variables=False,
        max_request_body_size="never",
    )

# --- Rolf's own settings.

SECURE_REDIRECT_EXEMPT += [r"^readyz$", r"^metrics$"]

# Browsers accept cookies of these names over https only, and for this host only.
SESSION_COOKIE_NAME = "__Host-rolf"
CSRF_COOKIE_NAME = "__Host-csrf"
