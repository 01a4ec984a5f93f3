"""Production, behind Apache. A setting that has no safe default comes from the environment."""

from django.core.exceptions import ImproperlyConfigured

from << cookiecutter.project_slug >>.environment import DOTENV, unread

from .base import *
from .base import LOGGING, SENTRY, SITE_DOMAIN, env

DEBUG = False

SECRET_KEY = env("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        f"SECRET_KEY is not set, in the environment or in {DOTENV}.{unread()} "
        "Where the site runs already, restore that file; for a new site, run: make .env"
    )

# collectstatic puts a hash of the content into each file's name, so browsers may keep it for ever.
# Style sheets and JavaScript modules import one another by these names, too.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "<< cookiecutter.project_slug >>.hashed_files.HashedFilesStorage"},
}

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# Where a proxy ends TLS, the request itself looks like http and the browser's Origin like https.
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"https://{SITE_DOMAIN}"])

# Browsers refuse plain http for that long, whatever becomes of the certificate: begin with an hour,
# and go up to a year (31536000) in .env once https has worked for some weeks.
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=60 * 60)
# Whether other hosts below this domain speak TLS is not this project's to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Only where a proxy sets X-Forwarded-Proto itself; otherwise any visitor could.
if env.bool("TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Off by default: Apache or the proxy in front redirects, and a smoke test over the loopback
# device, which speaks http, gets an answer.
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
        **SENTRY,
    )
