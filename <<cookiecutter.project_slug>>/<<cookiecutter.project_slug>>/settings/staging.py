"""Settings for staging: those of production, with a host name<% if cookiecutter.database == "postgresql" %> and a database<% endif %> of its own."""

from .production import *

SITE_DOMAIN = env("SITE_DOMAIN", default="staging.<< cookiecutter.domain >>")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_DOMAIN, "localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"https://{SITE_DOMAIN}"])
<% if cookiecutter.database == "postgresql" %>

# Staging must never use production's database, even on the same server and without a .env.
DATABASES["default"] |= env.db_url("DATABASE_URL", default="postgres:///<< cookiecutter.project_slug >>_staging")
<% endif %>
