"""The tests: no .env needed, no server, no outside world."""

import os
import tempfile
from pathlib import Path

from .base import *
from .base import DATABASES, LOGGING, env

DEBUG = False
SECRET_KEY = "known to everyone: for tests only"  # noqa: S105

# TEST_DATABASE_URL names another kind of database (postgres:///); Django prefixes "test_".
DATABASES["default"] = env.db_url("TEST_DATABASE_URL", default="sqlite://:memory:")
DATABASES["default"]["ATOMIC_REQUESTS"] = True

# Speed: what a password is worth is not what the tests are about.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# A test that expects a record asks for it (assertLogs); the rest would bury what matters.
LOGGING["handlers"]["stderr"] = {"class": "logging.NullHandler"}

# --- Rolf's own, from here on.

DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as where Rolf runs: one in memory refuses whom a table is locked for, instead of
    # letting them wait (SQLite, "Shared-Cache Mode").
    DATABASES["default"]["TEST"] = {
        "NAME": Path(tempfile.gettempdir(), f"rolf-test-{os.getpid()}.sqlite3")
    }
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
    }
SEAL_KEYS = ["a2V5cyBvZiB0ZXN0cyBhcmUga25vd24gdG8gYWxsISE="]
