"""Which work directory this process uses: a resumed push needs the one with its checkout."""

import os
import secrets
import socket
from functools import cache

from django.conf import settings

FILE = "place"


def work_place():
    """Return the name of this process's work directory: "HOST:DIRECTORY ID".

    The first process that uses the directory writes the name into a file there. So machines that
    share the directory use one name, and a container keeps its name when it gets another host name.
    """
    return _name(settings.WORK_DIRECTORY)


@cache
def _name(directory):
    file = directory / FILE
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        name = f"{socket.gethostname()}:{directory.absolute()}"[:280]
        mine = directory / f".{FILE}-{secrets.token_hex(8)}"
        mine.write_text(f"{name} {secrets.token_hex(4)}\n")
        try:
            os.link(mine, file)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    return file.read_text().strip()


def readable(place):
    """Return the name of a work directory without its id."""
    return place.rpartition(" ")[0]
