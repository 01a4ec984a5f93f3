"""The web server, and the socket that it listens on."""

import asyncio
import ctypes
import errno
import logging
import os
import socket
import time
from contextlib import suppress

import uvicorn
from django.core.management.base import CommandError

from .body_limit import LARGEST, BodyLimit
from .connections import Connection, Room, logger, raise_file_limit
from .header_names import HeaderNames

M_ARENA_MAX = -8  # mallopt(3)
GRACE = 1.5  # seconds that answers may take after SIGTERM, once they have begun
ANSWER_TIME = 10.0  # seconds until they begin
LARGEST_HEADERS = 32 * 1024  # bytes
KEEP_ALIVE = 5  # seconds that a connection may stay idle between two requests
ACCEPTS = 32  # connections to accept at once before serving the open ones
INTERVAL = 60.0  # seconds between two log records of the same text


class Server(uvicorn.Server):
    """Uvicorn's server with a limit of connections; its end does not wait for event streams."""

    def __init__(self, config, most):
        """Accept at most `most` connections."""
        super().__init__(config)
        self.server_state.room = Room(most)

    async def startup(self, sockets=None):
        """Listen. A failed accept is one line in the log, not a traceback for each connection."""
        asyncio.get_running_loop().set_exception_handler(_log_fault)
        await super().startup(sockets)
        for listening in sockets:
            listening.listen(BACKLOG)  # asyncio sets it to the number that it accepts at once

    async def shutdown(self, sockets=None):
        """Accept nothing more, and return when all answers are sent, or have had their time.

        An event stream is an answer that has begun, and never ends by itself.
        """
        limit = asyncio.create_task(self._limit_shutdown())
        await super().shutdown(sockets)
        limit.cancel()

    async def _limit_shutdown(self):
        await asyncio.sleep(GRACE)
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_TIME - GRACE):
                while any(each.unanswered for each in self.server_state.connections):
                    await asyncio.sleep(0.1)
        self.force_exit = True
        # Since Python 3.12, an asyncio server has ended only when all its connections are closed.
        for connection in list(self.server_state.connections):
            connection.transport.abort()


class Seldom(logging.Filter):
    """A filter that lets each text through once in an interval: clients can cause any number."""

    def __init__(self):
        """Start with no text seen."""
        super().__init__()
        self._last = {}

    def filter(self, record):
        """Return whether to log the record. Records with a traceback always pass."""
        if record.exc_info:
            return True
        now = time.monotonic()
        if now - self._last.get(record.msg, -INTERVAL) < INTERVAL:
            return False
        self._last[record.msg] = now
        return True


def serve(application, listener):
    """Serve on the socket until SIGTERM."""
    # One heap for all threads. One for each would keep some unused MB, and only one thread runs.
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
    errors = logging.getLogger("uvicorn.error")
    errors.setLevel(logging.WARNING)
    for each in (errors, logger):
        each.addFilter(Seldom())
    Server(
        uvicorn.Config(
            HeaderNames(BodyLimit(application, LARGEST)),
            lifespan="off",
            ws="none",
            http=Connection,
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            h11_max_incomplete_event_size=LARGEST_HEADERS,
            backlog=ACCEPTS,
        ),
        raise_file_limit(),
    ).run([listener])


def _log_fault(loop, context):
    error = context.get("exception")
    if isinstance(error, OSError) and "accept()" in context["message"]:
        logger.warning("no connection can be accepted: %s", error.strerror)
    else:
        loop.default_exception_handler(context)


FIRST = 3  # SD_LISTEN_FDS_START
BACKLOG = 2048


class Listener:
    """A listening `socket`, with the `host` and the `url` by which clients reach it."""

    def __init__(self, listening):
        """Wrap a socket that listens."""
        self.socket = listening
        host, port = listening.getsockname()[:2]
        if host in ("0.0.0.0", "::"):  # noqa: S104 - every address: the machine's name leads there
            host = socket.gethostname()
        self.host = f"[{host}]" if ":" in host else host
        self.url = f"http://{self.host}:{port}/"

    @classmethod
    def of(cls, address, port):
        """Return the inherited socket (LISTEN_FDS), else a new one. Raise CommandError."""
        if os.environ.pop("LISTEN_PID", "") == str(os.getpid()):
            os.set_inheritable(FIRST, False)
            return cls(socket.socket(fileno=FIRST))
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            return cls(socket.create_server((address, port), family=family, backlog=BACKLOG))
        except (OSError, OverflowError) as error:
            taken = getattr(error, "errno", None) == errno.EADDRINUSE
            fault = (
                os.strerror(errno.EADDRINUSE)
                if taken
                else (getattr(error, "strerror", None) or str(error)).partition(" (while")[0]
            )
            instead = f"--port {port + 1}" if taken else "--bind 127.0.0.1 --port 8000"
            raise CommandError(
                f"{address} port {port}: {fault}\n  next: ./manage.py rolf {instead}", returncode=2
            ) from error

    def handed_on(self, environment):
        """Return an environment in which the program that this process becomes finds the socket."""
        if self.socket.fileno() != FIRST:
            os.dup2(self.socket.fileno(), FIRST)
        os.set_inheritable(FIRST, True)
        return environment | {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
