"""Settings for the tests, which need no .env and no server."""

import multiprocessing
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

from login.configuration import second_factor

from .base import *

DEBUG = False

SECRET_KEY = "django-insecure-for-tests-only"  # noqa: S105

# With TEST_DATABASE_URL=postgres:///NAME the tests use the database test_NAME.
DATABASES["default"] = env.db_url("TEST_DATABASE_URL", default="sqlite://:memory:")
DATABASES["default"]["ATOMIC_REQUESTS"] = True

# A fast hasher makes the tests fast.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

# Print no log records. Tests of log records use assertLogs().
LOGGING["handlers"]["stderr"] = {"class": "logging.NullHandler"}

# For `manage.py test --parallel`: Django 5.2 cannot copy SQLite databases for processes that a server
# forks, as Python 3.14 does by default.
multiprocessing.set_start_method("fork", force=True)

# --- Rolf's own settings.

DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Use a file, as in production. With a database in memory, a locked table is an error instead of a
    # wait (SQLite, "Shared-Cache Mode").
    DATABASES["default"]["TEST"] = {
        "NAME": Path(tempfile.gettempdir(), f"rolf-test-{os.getpid()}.sqlite3")
    }
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
    }
SEAL_KEYS = ["a2V5cyBvZiB0ZXN0cyBhcmUga25vd24gdG8gYWxsISE="]

# Tests of CAS need its tables.
if find_spec("django_cas_ng"):
    INSTALLED_APPS += ["django_cas_ng"]

# Tests of the second factor turn it on. An installation without its libraries has none of it.
LOGIN_SECOND_FACTOR = ""
if second_factor.has_libraries():
    _parts = second_factor.parts(env)
    INSTALLED_APPS += _parts.pop("LOGIN_APPS")
    MIDDLEWARE += _parts.pop("LOGIN_MIDDLEWARE")
    vars().update(_parts)
