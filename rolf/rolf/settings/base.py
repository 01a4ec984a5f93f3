"""Settings that all environments share.

Values that differ between machines come from the environment or from .env.
https://docs.djangoproject.com/en/5.2/ref/settings/
"""

import logging
from ipaddress import ip_network
from pathlib import Path

from login.configuration import login_settings
from rolf.environment import env, read_dotenv
from rolf.libraries import require
from rolf.logging_filters import drop_client_error_traceback
from rolf.outages import notice_lost_connections, with_time_outs

BASE_DIR = Path(__file__).resolve().parent.parent.parent

read_dotenv()

# The site's own settings, which templates and the smoke test use.
PROJECT_NAME = "Rolf"
PROJECT_DESCRIPTION = "Pushes the sites of a shop to their servers, and takes them back."
PROJECT_AUTHOR = "The bootstrapper developers"
SITE_DOMAIN = env("SITE_DOMAIN", default="rolf.example.org")

# Smoke tests and monitoring use the loopback names.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_DOMAIN, "localhost", "127.0.0.1", "[::1]"])

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

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "main.context.project",
            ],
        },
    },
]

WSGI_APPLICATION = "rolf.wsgi.application"

if env("DATABASE_URL", default=""):
    DATABASES = {"default": env.db_url("DATABASE_URL")}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            # SQLite writes its journal beside the database, so data/ is the one directory that
            # the web server's user must be able to write to, besides media/.
            "NAME": BASE_DIR / "data" / "db.sqlite3",
            # A transaction that starts with a read fails, instead of waiting, when it wants to
            # write while another one does. IMMEDIATE takes the lock at the start.
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
        }
    }
DATABASES["default"]["ATOMIC_REQUESTS"] = True

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-gb"

TIME_ZONE = "UTC"

USE_I18N = True

USE_TZ = True

# collectstatic copies the static files of all apps to STATIC_ROOT, from where Apache serves them.
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"

MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / "media"
# Apache reads uploads as another user, in spite of the umask in apache/production.conf.
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755

# One URL sets EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT and the other settings of the mail server.
vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="rolf@example.org")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Scripts, styles and images come from this site only, and none are inline. The admin works with it.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "readable": {"format": "{levelname:<7} {name}: {message}", "style": "{"},
        "json": {"()": "rolf.log.JsonFormatter", "project": "rolf"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "readable"}},
    # Django's default handlers would print each record a second time in development, and send an
    # e-mail for each error in production.
    "loggers": {"django": {"handlers": []}},
    "root": {
        "handlers": ["stderr"],
        "level": logging.getLevelNamesMapping()[env("LOG_LEVEL", default="INFO").upper()],
    },
}

# --- Rolf's own settings. The lines above are the template's.

# The methods of login, the mapping of outside groups, and their time limits: docs/rolf-login.md.
_login = login_settings(env)

INSTALLED_APPS += [
    "audit",
    "backup",
    "encryption",
    "deployments",
    "cookbook",
    "pushes",
    "worker",
    "people",
    "server",
    "history",
    "login",
    *_login.pop("LOGIN_APPS"),
    "api",
    "database",
    "django_tasks",
    "django_tasks_db",
    "django_htmx",
    "django_ace",
]
MIDDLEWARE[1:1] = [
    "audit.middleware.request_context",
    "server.body_limit.BodyLimitMiddleware",
]
MIDDLEWARE += [
    "django_htmx.middleware.HtmxMiddleware",
    "rolf.partial_pages.vary_by_htmx",
    "login.middleware.last_seen_middleware",
    *_login.pop("LOGIN_MIDDLEWARE"),
    "deployments.access.access_middleware",
    "server.unstorable.UnstorableValuesMiddleware",
]
TEMPLATES[0]["BACKEND"] = "rolf.pages.Templates"
TEMPLATES[0]["OPTIONS"]["builtins"] = ["main.templatetags.rolf"]
TEMPLATES[0]["OPTIONS"]["context_processors"] += ["pushes.live.follow.streams"]

# The queue, which wakes workers: the database, or with ROLF_QUEUE_URL=redis://… Redis.
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["pushes", "surveys"],
    }
}
if queue_url := env("ROLF_QUEUE_URL", default=""):
    require("django_tasks_rq", "ROLF_QUEUE_URL", "redis.in")
    INSTALLED_APPS.append("django_rq")
    TASKS["default"]["BACKEND"] = "django_tasks_rq.RQBackend"
    RQ_QUEUES = {
        # RQ sets no limit (-1) of its own. Rolf ends stages at their time-out.
        name: {"URL": with_time_outs(queue_url), "DEFAULT_TIMEOUT": -1}
        for name in TASKS["default"]["QUEUES"]
    }

# With a write-ahead log, readers do not wait for writers (SQLite, "Write-Ahead Logging"), so pages do
# not wait while the worker stores logs. A view that changes something runs in one transaction
# (`atomic_post`).
DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"].setdefault("OPTIONS", {})["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    )
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    require("psycopg", "DATABASE_URL", "postgresql.in")
    notice_lost_connections(DATABASES["default"])

vars().update(_login)
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "main:index"
LOGOUT_REDIRECT_URL = "accounts:login"

LOGGING["filters"] = {
    "brief": {"()": "django.utils.log.CallbackFilter", "callback": drop_client_error_traceback}
}
# Each record names its request and its push. LOG_FORMAT is readable or json.
LOGGING["filters"]["context"] = {"()": "audit.log_fields.ContextFilter"}
LOGGING["formatters"]["readable"]["()"] = "audit.log_fields.ReadableFormatter"
LOGGING["handlers"]["stderr"] |= {
    "filters": ["brief", "context"],
    "formatter": "json" if env("LOG_FORMAT", default="") == "json" else "readable",
}

# The keys that encrypt secrets of deployments. Without ROLF_SEAL_KEY, the first start creates a file.
SEAL_KEYS = env.list("ROLF_SEAL_KEY", default=[])
SEAL_KEY_FILE = BASE_DIR / "data" / "seal.key"

# After this number of days, Rolf removes the output of a push, unless the push is one of the newest or
# of the last successful ones.
KEEP_LOGS = env.int("KEEP_LOGS", default=90)

# What the workers of this machine can do, such as reach a network: labels with spaces between them.
WORKER_LABELS = env("ROLF_WORKER_LABELS", default="")

# The URL that smoke tests request: /healthz answers even if the database does not.
READINESS_PATH = "readyz"

# /metrics is off unless one of these is set: a token, or addresses and networks.
METRICS_TOKEN = env("METRICS_TOKEN", default="")
METRICS_ADDRESSES = [
    str(ip_network(each, strict=False)) for each in env.list("METRICS_ADDRESSES", default=[])
]

# Where copies of the audit log go: URLs of files and syslog servers, separated by commas.
AUDIT_SINKS = env.list("AUDIT_SINKS", default=[])

# The output that Rolf keeps, in MB: of all deployments, and of each one. The oldest goes first. 0 sets
# no limit.
KEEP_LOGS_MB = env.int("KEEP_LOGS_MB", default=0)
KEEP_DEPLOYMENT_LOGS_MB = env.int("KEEP_DEPLOYMENT_LOGS_MB", default=0)

# Where old logs go, compressed: a directory, or s3://bucket/prefix?endpoint=https://... Without it they
# stay in the database. They go after a number of days; with 0, as soon as their push has ended.
LOG_STORE = env("ROLF_LOG_STORE", default="")
LOG_STORE_AFTER = env.int("ROLF_LOG_STORE_AFTER", default=7)

# Where the checkouts of failed pushes go, so that any worker can resume them: as above. Without it, a
# push can be resumed only on its machine. A larger checkout than this number of MB stays there, too.
CHECKOUT_STORE = env("ROLF_CHECKOUT_STORE", default="")
CHECKOUT_STORE_MB = env.int("ROLF_CHECKOUT_STORE_MB", default=1024)

# The worker's checkouts and locks, in a directory for each deployment.
WORK_DIRECTORY = Path(env("ROLF_WORK_DIRECTORY", default=str(BASE_DIR / "data" / "work")))

# The system user that stages run as, instead of the worker's, and the command that sudo allows for it:
# docs/rolf-stage-user.md.
STAGE_USER = env("ROLF_STAGE_USER", default="")
STAGE_COMMAND = env("ROLF_STAGE_COMMAND", default="/usr/local/lib/rolf/stages")

# What a stage may use: MB of memory, and processes; 0 sets no limit. With ROLF_STAGE_SCOPE=true, systemd
# limits a stage and all that it starts, as one. Otherwise each process has the limits.
STAGE_MEMORY_MB = env.int("ROLF_STAGE_MEMORY_MB", default=0)
STAGE_PROCESSES = env.int("ROLF_STAGE_PROCESSES", default=0)
STAGE_SCOPE = env.bool("ROLF_STAGE_SCOPE", default=False)
