"""A Django project as its people have written it long ago, without anything of ours."""

from pathlib import Path

DOMAIN = "old.example"
FILES = {
    "requirements.txt": "Django>=5.2,<5.3\n",
    ".gitignore": "__pycache__/\nlocal_settings.py\n/.env\n",
    "src/manage.py": """#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.dev")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
""",
    "src/shop/__init__.py": "",
    "src/shop/settings/__init__.py": "",
    "src/shop/settings/base.py": """import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent
SECRET_KEY = os.environ["SECRET_KEY"]
GREETING = os.environ.get("GREETING", "no greeting")
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "shop"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.app"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "data" / "shop.sqlite3"}
}
STATIC_URL = "assets/"
STATIC_ROOT = os.path.join(BASE_DIR, "public", "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}
MEDIA_URL = "/uploads/"
MEDIA_ROOT = BASE_DIR / "uploads"
try:
    from .local_settings import *
except ImportError:
    pass
""",
    "src/shop/settings/dev.py": "from .base import *\n\nDEBUG = True\n",
    "src/shop/settings/production.py": (
        f'from .base import *\n\nDEBUG = False\nALLOWED_HOSTS = ["{DOMAIN}"]\n'
    ),
    "src/shop/wsgi.py": """import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.production")
app = get_wsgi_application()
""",
    "src/shop/urls.py": """from django.conf import settings
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path

RELEASE = "one"


def front(request):
    return HttpResponse(f"{settings.GREETING} {RELEASE} {static('shop/site.css')}")


urlpatterns = [path("", front)]
""",
    "src/shop/static/shop/site.css": "body { color: one }\n",
    "src/shop/tests.py": """from django.conf import settings
from django.test import SimpleTestCase
from django.urls import resolve


class FrontTest(SimpleTestCase):
    def test_front_page(self):
        self.assertEqual(resolve("/").func.__name__, "front")
        self.assertEqual(settings.SECRET_KEY, "for-tests")
""",
    ".env.example": "SECRET_KEY=for-tests\n",
}


def make_old_project(directory: Path) -> Path:
    """Write the project and return its directory."""
    for name, text in FILES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory
