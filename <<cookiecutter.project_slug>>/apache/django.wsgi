"""The script that mod_wsgi loads. To load the site's code again, run apache/reload."""

import os
import sys
from pathlib import Path

import mod_wsgi  # exists only in Apache's processes

<% include "release_paths.jinja" %>

from << cookiecutter.project_slug >>.daemon import announce  # noqa: E402
from << cookiecutter.project_slug >>.environment import read_dotenv  # noqa: E402

announce("starting", mod_wsgi.process_group)
read_dotenv()
# The process groups are << cookiecutter.project_slug >>-production and << cookiecutter.project_slug >>-staging (apache/*.conf).
place = mod_wsgi.process_group.removeprefix("<< cookiecutter.project_slug >>-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"<< cookiecutter.project_slug >>.settings.{place}")

try:
    from << cookiecutter.project_slug >>.wsgi import application  # noqa: F401
except BaseException:
    announce("failed", mod_wsgi.process_group)
    raise
announce("loaded", mod_wsgi.process_group)
