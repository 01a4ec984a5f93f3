#!ve/bin/python
"""Django's command line, run by the project's own ve: ./manage.py COMMAND."""

import os
import sys

# Python searches a script's directory first: a json.py here would replace the standard library's.
# The project comes after that, before the vendored packages.
HERE = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 - pathlib would come from here
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != HERE]
packages = [at for at, path in enumerate(sys.path) if path.endswith("-packages")]
sys.path.insert(min(packages, default=len(sys.path)), HERE)

from django.core.management import execute_from_command_line  # noqa: E402
from django.db import OperationalError  # noqa: E402

from << cookiecutter.project_slug >> import database, environment  # noqa: E402


def main():
    """Choose the settings, then hand over to Django."""
    if sys.argv[1:2] == ["test"]:
        # Before .env is read: on a server it names production's settings, which are not for tests.
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "<< cookiecutter.project_slug >>.settings.test")
    environment.read()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "<< cookiecutter.project_slug >>.settings.dev")
    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        told = database.unreachable(error)
        if not told or "--traceback" in sys.argv:
            raise
        sys.exit(told)


if __name__ == "__main__":
    main()
