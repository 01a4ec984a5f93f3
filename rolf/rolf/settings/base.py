"""What all places have in common. What differs by machine comes from the environment."""

from pathlib import Path
from urllib.parse import quote

from rolf.environment import BASE_DIR, env, read

from ..logging_filters import brief

read()

PROJECT_NAME = "Rolf"
PROJECT_DESCRIPTION = "Pushes the sites of a shop to their servers, and takes them back."
PROJECT_AUTHOR = "The bootstrapper developers"

SITE_DOMAIN = env("SITE_DOMAIN", default="rolf.example.org")
# Loopback names let smoke tests and monitoring ask without going through the public network.
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_DOMAIN, *LOOPBACK])

INSTALLED_APPS = [
    "main",
    "accounts",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "rolf.urls"
WSGI_APPLICATION = "rolf.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "main.context.project",
            ],
        },
    },
]

# In a directory of its own: SQLite writes its journal beside the database, so the web server's
# user needs to write there, and should not be able to elsewhere. IMMEDIATE because a
# transaction that starts by reading cannot wait for its turn to write (SQLite, "Isolation").
DATABASE = quote(str(BASE_DIR / "data" / "db.sqlite3"))
DATABASES = {
    "default": env.db_url(
        "DATABASE_URL", default=f"sqlite:///{DATABASE}?timeout=20&transaction_mode=IMMEDIATE"
    )
}
DATABASES["default"]["ATOMIC_REQUESTS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in [
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    ]
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# Sources lie in each app's static/ directory; collectstatic copies them here, for Apache.
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / "media"
# Apache reads uploads as another user; the umask of the site's processes keeps all else private.
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755

# EMAIL_BACKEND, EMAIL_HOST and the rest of them, from one address.
vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
PROJECT_EMAIL = "rolf@example.org"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("DEFAULT_FROM_EMAIL", default=PROJECT_EMAIL)

# No inline styles or scripts, nothing from elsewhere. Django's admin works within this.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# What goes along with reports of errors, where production has a SENTRY_DSN.
SENTRY = {"send_default_pii": False}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "readable": {"format": "{levelname:<7} {name}: {message}", "style": "{"},
        "json": {"()": "rolf.log.JsonFormatter", "project": "rolf"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "readable"}},
    # Django's own handlers would write a second line in development, and in production send mail
    # about each error, which nobody reads twice.
    "loggers": {"django": {"handlers": []}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", default="INFO")},
}

# --- Rolf's own, from here on. What stands above is the template's.

INSTALLED_APPS += [
    "deployments",
    "cookbook",
    "pushes",
    "worker",
    "people",
    "server",
    "history",
    "api",
    "django_tasks",
    "django_tasks_db",
    "django_htmx",
    "django_ace",
]
MIDDLEWARE.insert(1, "server.body_limit.BodyLimitMiddleware")
MIDDLEWARE += ["django_htmx.middleware.HtmxMiddleware", "rolf.partial_pages.vary_by_htmx"]
TEMPLATES[0]["BACKEND"] = "rolf.pages.Templates"
TEMPLATES[0]["OPTIONS"]["builtins"] = ["main.templatetags.rolf"]
TEMPLATES[0]["OPTIONS"]["context_processors"] += ["pushes.live.follow.streams"]

# The queue; another back end of Django's Tasks is another line here.
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["pushes", "surveys"],
    }
}

# Reading takes no turn among those who write (SQLite, "Write-Ahead Logging"), so pages don't wait
# for logs to be kept. A view that changes something is one transaction (deployments/access.py).
DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"].setdefault("OPTIONS", {})["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    )

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "index"
LOGOUT_REDIRECT_URL = "sign-in"

LOGGING["filters"] = {"brief": {"()": "django.utils.log.CallbackFilter", "callback": brief}}
LOGGING["loggers"]["django.request"] = {"filters": ["brief"]}

# Variables and forms hold secrets of deployments under any name.
SENTRY |= {"include_local_variables": False, "max_request_body_size": "never"}

# What seals the secrets of deployments: of the environment, else of a file that is made once.
SEAL_KEYS = env.list("ROLF_SEAL_KEY", default=[])
SEAL_KEY_FILE = BASE_DIR / "data" / "seal.key"

# After so many days the output of a push goes, unless it is among the newest or the last good ones.
KEEP_LOGS = env.int("KEEP_LOGS", default=90)

# Where the worker keeps checkouts and locks, a directory for each deployment.
WORK_DIRECTORY = Path(env("ROLF_WORK_DIRECTORY", default=str(BASE_DIR / "data" / "work")))
