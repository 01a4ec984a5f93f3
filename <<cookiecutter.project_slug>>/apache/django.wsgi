"""What mod_wsgi loads. `touch` this file, and the next request runs the code anew."""

import os
import sys
from pathlib import Path

import mod_wsgi  # Apache's own, there in its processes only

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from << cookiecutter.project_slug >> import environment  # noqa: E402

environment.read()
# production.conf and staging.conf name their daemon processes SLUG-production and SLUG-staging.
place = mod_wsgi.process_group.removeprefix("<< cookiecutter.project_slug >>-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"<< cookiecutter.project_slug >>.settings.{place}")

from << cookiecutter.project_slug >>.wsgi import application  # noqa: E402, F401
