"""The socket that visitors come to: opened here, or handed on by who ran before.

Handing on is what sd_listen_fds(3) says, so systemd may hold the socket, too.
"""

import os
import socket

from django.core.management.base import CommandError

FIRST = 3  # SD_LISTEN_FDS_START
BACKLOG = 2048


class Listener:
    """`socket` listens; `url` is where."""

    def __init__(self, listening):
        """Keep it."""
        self.socket = listening
        host, port = listening.getsockname()[:2]
        self.url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    @classmethod
    def of(cls, address, port):
        """Return the one that was handed on, else a new one. Raises CommandError."""
        if os.environ.pop("LISTEN_PID", "") == str(os.getpid()):
            os.set_inheritable(FIRST, False)
            return cls(socket.socket(fileno=FIRST))
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            return cls(socket.create_server((address, port), family=family, backlog=BACKLOG))
        except OSError as error:
            raise CommandError(
                f"{address} port {port}: {os.strerror(error.errno)}\n"
                f"  next: ./manage.py rolf --port {port + 1 if port < 65535 else 8000}",
                returncode=2) from error

    def handed_on(self, environment):
        """Return the environment in which the next program of this process finds the socket."""
        if self.socket.fileno() != FIRST:
            os.dup2(self.socket.fileno(), FIRST)
        os.set_inheritable(FIRST, True)
        return environment | {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
