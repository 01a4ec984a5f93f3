#!ve/bin/python
"""Django's command line, run by the project's own ve: ./manage.py COMMAND."""

import os
import sys

from django.core.management import execute_from_command_line

from << cookiecutter.project_slug >> import environment


def main():
    """Choose the settings, then hand over to Django."""
    environment.read()
    settings = "test" if sys.argv[1:2] == ["test"] else "dev"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"<< cookiecutter.project_slug >>.settings.{settings}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
