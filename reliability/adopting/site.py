"""A small Django project that asks for the packages of a set."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from reliability.adopting.sets import RealSet

MANAGE = """\
#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""
SETTINGS = """\
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ.get("SECRET_KEY", "of a site that is served on this machine only")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "adopted.example,localhost").split(",")
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    "pages",
{apps}]
SITE_ID = 1
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {{
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        }},
    }}
]
DATABASES = {{
    "default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "data/site.sqlite3"}}
}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
ROOT_HOSTCONF, DEFAULT_HOST = "config.hosts", "www"
RQ_QUEUES = {{"default": {{"HOST": "localhost", "PORT": 6379, "DB": 0}}}}
PUSH_HUB = "https://hub.example.org/"
SILENCED_SYSTEM_CHECKS = ["django_recaptcha.recaptcha_test_key_error"]
"""
URLS = """\
import django
from django.apps import apps
from django.http import HttpResponse
from django.urls import path


def page(request):
    return HttpResponse(f"<p>Adopted: Django {django.__version__}, {len(apps.app_configs)} apps</p>")


urlpatterns = [path("", page)]
"""
HOSTS = """\
from django_hosts import host, patterns

host_patterns = patterns("", host(r"www", "config.urls", name="www"))
"""
WSGI = """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
"""
STYLE = "p { color: teal }\n"


def write_site(real: RealSet, site: Path) -> None:
    """Write the project, with the dependency files of the set and without a lock."""
    shutil.copytree(real.files, site)
    apps = "".join(f'    "{app}",\n' for app in real.apps)
    for name, text in {
        "manage.py": MANAGE,
        "config/__init__.py": "",
        "config/settings.py": SETTINGS.format(apps=apps),
        "config/urls.py": URLS,
        "config/hosts.py": HOSTS,
        "config/wsgi.py": WSGI,
        "pages/__init__.py": "",
        "pages/static/pages/site.css": STYLE,
        "data/.gitignore": "*\n",
        ".python-version": f"{real.python}\n",
    }.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def make_repositories(real: RealSet, scratch: Path) -> dict[str, str]:
    """Make the git repositories of a set from tarballs of the index.

    Return the variables with which git finds them under their addresses.
    """
    settings = {"init.defaultBranch": "main"}
    for address, requirement in real.git.items():
        name, _, version = requirement.partition("==")
        work = scratch / "git" / name
        work.mkdir(parents=True)
        words = ["--no-deps", "--no-binary", ":all:", "--quiet"]
        _run([sys.executable, "-m", "pip", "download", *words, "--dest", work, requirement])
        (tarball,) = work.iterdir()
        _run(["tar", "-xzf", tarball, "--strip-components=1"], work)
        tarball.unlink()
        for words in (
            ["init", "-q"],
            ["add", "--all"],
            ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", version],
            ["tag", f"v{version}"],
        ):
            _run(["git", *words], work)
        settings[f"url.file://{work}.insteadOf"] = address
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _run(command: list[str | Path], at: Path | None = None) -> None:
    subprocess.run(command, cwd=at, env=os.environ, check=True, capture_output=True)
