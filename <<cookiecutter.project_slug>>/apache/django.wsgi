"""What mod_wsgi loads. apache/reload has this site's processes load it anew; so does `touch`."""

import os
import sys
from pathlib import Path

import mod_wsgi  # Apache's own, there in its processes only

# Apache knows the site by "current", which may name another release by the time that something is
# imported late or a ve's file is asked for. This process stays with the release it started from.
NAMED, HERE = (str(file.parent.parent) for file in (Path(__file__), Path(__file__).resolve()))
for setting in ("prefix", "exec_prefix", "executable"):
    setattr(sys, setting, getattr(sys, setting).replace(NAMED, HERE, 1))
paths = [path.replace(NAMED, HERE, 1) for path in sys.path if path not in (NAMED, HERE)]
# As in manage.py: a json.py of the project's replaces nothing of the standard library.
packages = next((at for at, path in enumerate(paths) if path.endswith("-packages")), len(paths))
sys.path[:] = [*paths[:packages], HERE, *paths[packages:]]

from << cookiecutter.project_slug >> import daemon, environment  # noqa: E402

daemon.show("starting", mod_wsgi.process_group)
environment.read()
# production.conf and staging.conf name their daemon processes SLUG-production and SLUG-staging.
place = mod_wsgi.process_group.removeprefix("<< cookiecutter.project_slug >>-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"<< cookiecutter.project_slug >>.settings.{place}")

try:
    from << cookiecutter.project_slug >>.wsgi import application  # noqa: F401
except BaseException:
    daemon.show("failed", mod_wsgi.process_group)
    raise
daemon.show("loaded", mod_wsgi.process_group)
