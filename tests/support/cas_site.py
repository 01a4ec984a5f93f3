"""The settings of a real CAS server (django-cas-server), and who logs in there.

It is copied to a directory of its own, beside people.json: password and attributes by name.
"""

import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEBUG = True
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "cas_site"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
STATIC_URL = "/static/"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "cas_server",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# The cookies of Rolf are for the same host, whatever the port.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "cas_session", "cas_csrf"
CAS_AUTH_CLASS = "cas_site.Person"
CAS_NEW_VERSION_HTML_WARNING = CAS_NEW_VERSION_EMAIL_WARNING = False


class Person:
    """A person of people.json, as django-cas-server asks for it."""

    def __init__(self, username):
        """Look the name up."""
        self.username = username
        people = json.loads((HERE / "people.json").read_text())
        self.known = people.get(username)

    def test_password(self, password):
        """Return whether it is the person's."""
        return self.known is not None and password == self.known["password"]

    def attributs(self):  # the library's spelling
        """Return the attributes, of which some have several values."""
        return self.known["attributes"] if self.known else {}


def __getattr__(name):
    """Have the URLs once Django is loaded."""
    if name != "urlpatterns":
        raise AttributeError(name)
    from django.urls import include, path

    return [path("cas/", include("cas_server.urls", namespace="cas_server"))]
