"""Settings that all environments share.

Values that differ between machines come from the environment or from .env.
https://docs.djangoproject.com/en/5.2/ref/settings/
"""

import logging
from pathlib import Path

from << cookiecutter.project_slug >>.environment import env, read_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent.parent

read_dotenv()

# The site's own settings, which templates and the smoke test use.
PROJECT_NAME = "<< cookiecutter.project_name.replace('\\', '\\\\').replace('"', '\\"') >>"
PROJECT_DESCRIPTION = "<< cookiecutter.description.replace('\\', '\\\\').replace('"', '\\"') >>"
PROJECT_AUTHOR = "<< cookiecutter.author.replace('\\', '\\\\').replace('"', '\\"') >>"
SITE_DOMAIN = env("SITE_DOMAIN", default="<< cookiecutter.domain >>")

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

ROOT_URLCONF = "<< cookiecutter.project_slug >>.urls"

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

WSGI_APPLICATION = "<< cookiecutter.project_slug >>.wsgi.application"

<% if cookiecutter.database == "sqlite" %>
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
<% else %>
# By default, connect to the local server through its socket, as the Unix user of the process.
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres:///<< cookiecutter.project_slug >>")}
<% endif %>
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

TIME_ZONE = "<< cookiecutter.timezone >>"

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
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="<< cookiecutter.email >>")
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
        "json": {"()": "<< cookiecutter.project_slug >>.log.JsonFormatter", "project": "<< cookiecutter.project_slug >>"},
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
