#!ve/bin/python
"""Django's command-line utility, run by the Python of ve/."""

import os
import sys

# Python puts the directory of a script first on its search path, so that a file json.py here would
# replace the module of the standard library. Put this directory after the standard library.
HERE = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 - pathlib could be such a file
sys.path[:] = [path for path in sys.path if os.path.realpath(path) != HERE]
packages = [at for at, path in enumerate(sys.path) if path.endswith("-packages")]
sys.path.insert(min(packages, default=len(sys.path)), HERE)

from django.core.management import execute_from_command_line  # noqa: E402

from rolf.environment import read_dotenv  # noqa: E402


def main():
    """Run administrative tasks."""
    if sys.argv[1:2] == ["test"]:
        # On a server, .env names the settings for production.
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolf.settings.test")
    if sys.argv[1:2] == ["rolf"]:
        # This command starts a web server that also serves the static files.
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolf.settings.embedded")
    read_dotenv()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolf.settings.dev")
    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        from rolf.errors import message_for

        message = message_for(error)
        if message is None or "--traceback" in sys.argv:
            raise
        sys.exit(message)


if __name__ == "__main__":
    main()
