"""The socket that visitors come to: opened here, or handed on by who ran before.

Handing on is what sd_listen_fds(3) says, so systemd may hold the socket, too.
"""

import errno
import os
import socket

from django.core.management.base import CommandError

FIRST = 3  # SD_LISTEN_FDS_START
BACKLOG = 2048


class Listener:
    """`socket` listens; `host` and `url` are where, as visitors would say."""

    def __init__(self, listening):
        """Keep it."""
        self.socket = listening
        host, port = listening.getsockname()[:2]
        if host in ("0.0.0.0", "::"):  # noqa: S104 - every device: the machine's name leads there
            host = socket.gethostname()
        self.host = f"[{host}]" if ":" in host else host
        self.url = f"http://{self.host}:{port}/"

    @classmethod
    def of(cls, address, port):
        """Return the one that was handed on, else a new one. Raises CommandError."""
        if os.environ.pop("LISTEN_PID", "") == str(os.getpid()):
            os.set_inheritable(FIRST, False)
            return cls(socket.socket(fileno=FIRST))
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            return cls(socket.create_server((address, port), family=family, backlog=BACKLOG))
        except (OSError, OverflowError) as error:
            taken = getattr(error, "errno", None) == errno.EADDRINUSE
            fault = os.strerror(errno.EADDRINUSE) if taken else (
                getattr(error, "strerror", None) or str(error)).partition(" (while")[0]
            instead = f"--port {port + 1}" if taken else "--bind 127.0.0.1 --port 8000"
            raise CommandError(f"{address} port {port}: {fault}\n"
                               f"  next: ./manage.py rolf {instead}", returncode=2) from error

    def handed_on(self, environment):
        """Return the environment in which the next program of this process finds the socket."""
        if self.socket.fileno() != FIRST:
            os.dup2(self.socket.fileno(), FIRST)
        os.set_inheritable(FIRST, True)
        return environment | {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
