"""Settings for the tests, which need no .env and no server."""

import multiprocessing

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
