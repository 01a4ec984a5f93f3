"""Staging: production under another name, in a directory of its own, with its own .env."""

from .production import *
from .production import <% if cookiecutter.database == "postgresql" %>DATABASES, <% endif %>LOOPBACK, env

SITE_DOMAIN = env("SITE_DOMAIN", default="staging.<< cookiecutter.domain >>")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_DOMAIN, *LOOPBACK])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"https://{SITE_DOMAIN}"])
<% if cookiecutter.database == "postgresql" %>

# Never production's database, even where both run on one machine and .env was forgotten.
DATABASES["default"] |= env.db_url("DATABASE_URL", default="postgres:///<< cookiecutter.project_slug >>_staging")
<% endif %>
