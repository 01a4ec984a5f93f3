"""Made-up Django projects of several layouts, for tests that read them."""

from pathlib import Path

MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")\n'
# As startproject of Django 1.3 wrote it, with the habits of its time.
FLAT = {
    "manage.py": MANAGE.format(settings="settings"),
    "settings.py": """# -*- coding: utf-8 -*-
import os
PROJECT_DIR = os.path.dirname(os.path.abspath(__file__)).replace('\\\\', '/')
DEBUG = True
SECRET_KEY = 'abcdef'
ALLOWED_HOSTS = ['localhost']
DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': os.path.join(PROJECT_DIR, 'shop.db'),
    }
}
MEDIA_ROOT = '/srv/uploads/'
MEDIA_URL = '/media/'
STATIC_URL = 'https://static.example.org/'
from local_settings import *
""",
    "local_settings.py": "DEBUG = False\n",
    ".gitignore": "local_settings.py\n",
}
# manage.py in src/, settings in a package, uploads and a database in directories of data.
SOURCE = {
    "src/manage.py": MANAGE.format(settings="config.settings.dev"),
    "src/config/settings/__init__.py": "",
    "src/config/settings/base.py": """import environ
from pathlib import Path
env = environ.Env(DEBUG=(bool, False))
BASE_DIR = Path(__file__).resolve(strict=True).parents[2]
DEBUG: bool = env("DEBUG")
SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/data/site.sqlite3")}
if DEBUG:
    STATIC_ROOT = "/tmp/static"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_URL = "static/"
MEDIA_ROOT = str(BASE_DIR / "data" / "media")
MEDIA_URL = "media/"
""",
    "src/config/settings/dev.py": "from .base import *\n",
    "src/config/settings/test.py": "from .base import *\n",
    "src/config/settings/prod.py": "from .base import *\nSECURE_SSL_REDIRECT = True\n",
    "src/config/wsgi.py": (
        "from django.core.wsgi import get_wsgi_application\nsite = get_wsgi_application()\n"
    ),
    "src/shop/tests.py": "def test_it(): pass\n",
    ".env.example": "SECRET_KEY=x\n",
}
# What startproject of Django 5 writes, without a WSGI module.
SMALL = {
    "manage.py": MANAGE.format(settings="site_.settings"),
    "site_/__init__.py": "",
    "site_/settings.py": """from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = False
ALLOWED_HOSTS = [".example.org"]
STATIC_URL = "static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
""",
    "shop/tests.py": "from django.test import TestCase\n\n# Create your tests here.\n",
}


def make(root: Path, files: dict[str, str], **more: str) -> Path:
    """Write a project into a directory and return it."""
    for name, text in {**files, **more}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
