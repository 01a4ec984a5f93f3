"""The script that mod_wsgi loads. To load the site's code again, run apache/reload."""

import os
import sys
from pathlib import Path

import mod_wsgi  # exists only in Apache's processes

# Apache knows the site by the link "current", which may point to another release before this
# process has imported everything. Use the path of the release, so that it keeps to that release.
LINK, RELEASE = (str(file.parent.parent) for file in (Path(__file__), Path(__file__).resolve()))
for name in ("prefix", "exec_prefix", "executable"):
    setattr(sys, name, getattr(sys, name).replace(LINK, RELEASE, 1))
paths = [path.replace(LINK, RELEASE, 1) for path in sys.path if path not in (LINK, RELEASE)]
# As in manage.py, the project comes after the standard library.
packages = next((at for at, path in enumerate(paths) if path.endswith("-packages")), len(paths))
sys.path[:] = [*paths[:packages], RELEASE, *paths[packages:]]

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
