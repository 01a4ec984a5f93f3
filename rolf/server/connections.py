"""Limits for connections of the web server: their number, and how slow a client may be."""

import logging
import resource
import socket
import time
from collections import defaultdict
from ipaddress import ip_address

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 2000  # connections at a time
SHARE = 0.5  # the part of all connections that one address may have
SPARE = 0.75  # the part of all open files that may be connections
# As Apache's RequestReadTimeout: header=10 body=20,MinRate=500.
HEADER_TIME = 10.0  # seconds until a request's headers are complete
BODY_TIME = 20.0  # seconds for a body, and one second more for each RATE bytes
RATE = 500
UNDER_WAY = 1.0  # seconds in which a request may still arrive when the server ends
WRITE_TIME = 60.0  # seconds in which a client must take some of the answer
ANSWER_408 = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 16\r\nConnection: close\r\n\r\nRequest Timeout\n"
)

logger = logging.getLogger("rolf.web")


def raise_file_limit():
    """Raise the soft limit of open files to the hard one; return the connections that allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return MOST if hard == resource.RLIM_INFINITY else min(MOST, int(hard * SPARE))


class Room:
    """The open connections, at most `most`, and at most a share of them for each address.

    When it is full, a new connection replaces the one that has waited longest for its client. A
    connection whose request is being answered, such as an event stream, keeps its place.
    """

    def __init__(self, most):
        """Start with no connection."""
        self._most = most
        self._share = max(1, int(most * SHARE))
        self._all = set()
        self._of = defaultdict(set)  # connections by address
        self._waiting = defaultdict(dict)  # by address; those that have waited longest come first

    def enter(self, connection):
        """Add a connection, which waits for its client, and drop another if there are too many."""
        address = connection.address
        self._all.add(connection)
        self._of[address].add(connection)
        self.wait(connection)
        # All clients of a proxy on this machine have the proxy's address.
        own = self._waiting[address] if _is_loopback(address) else self._of[address]
        if len(own) > self._share:
            self._drop(address)
        elif len(self._all) > self._most:
            self._drop(max(self._waiting, key=lambda each: len(self._waiting[each])))

    def wait(self, connection):
        """Note that the connection waits for its client."""
        if connection in self._all:
            self._waiting[connection.address].setdefault(connection)

    def work(self, connection):
        """Note that the connection has a whole request."""
        self._take(self._waiting, connection, lambda found: found.pop(connection, None))

    def leave(self, connection):
        """Remove a connection."""
        self.work(connection)
        self._all.discard(connection)
        self._take(self._of, connection, lambda found: found.discard(connection))

    def _take(self, table, connection, take):
        found = table[connection.address]
        take(found)
        if not found:
            del table[connection.address]

    def _drop(self, address):
        dropped = next(iter(self._waiting[address]))
        self.leave(dropped)
        dropped.transport.abort()
        logger.warning("too many connections: closing those that send nothing")


class Connection(H11Protocol):
    """A connection that ends if its client is too slow; `server_state.room` has all connections."""

    def connection_made(self, transport):
        """Wait for the first request."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._room = self.server_state.room
        self._waits_for = ""  # "header" or "body"; empty while a request is answered, or idle
        self._since = 0.0
        self._received = 0
        self._timer = self._write_timer = None
        self._ending = False
        opened = transport.get_extra_info("socket")
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(WRITE_TIME * 1000))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._wait_for("header")
        self._room.enter(self)

    @property
    def unanswered(self):
        """Whether the server has a request here, or may get one, and has not begun to answer."""
        return not self.transport.is_closing() and not (self.cycle and self.cycle.response_started)

    def shutdown(self):
        """Answer one more request, and close the connection then.

        The client may have sent it already. Uvicorn closes a connection that is idle at once, so
        the request would be lost. A client that sends none within UNDER_WAY gets no answer.
        """
        self._ending = True
        if self._idle:
            self.loop.call_later(UNDER_WAY, self._close_idle)
        else:
            self.cycle.keep_alive = False

    def connection_lost(self, exc):
        """Stop all timers."""
        self._wait_for("")
        self._unset_keepalive_if_required()
        self.resume_writing()
        self._room.leave(self)
        super().connection_lost(exc)

    def data_received(self, data):
        """Parse the data, and wait for the rest of the request if there is one."""
        self._received += len(data)
        super().data_received(data)
        if self._ending and not self._idle:
            self.cycle.keep_alive = False
        self._look()

    def on_response_complete(self):
        """Wait for the next request, within the server's timeout_keep_alive."""
        super().on_response_complete()
        if not self.timeout_keep_alive_task:  # the next request is here
            self._look()
        elif self.conn.their_state is h11.SEND_BODY:
            self._wait_for("body")
        else:
            self._wait_for("")
            self._room.wait(self)

    def pause_writing(self):
        """Start the timer in which the client must take what is written."""
        super().pause_writing()
        if not self._write_timer:
            self._write_timer = self.loop.call_later(WRITE_TIME, self.transport.abort)

    def resume_writing(self):
        """Stop that timer."""
        super().resume_writing()
        if self._write_timer:
            self._write_timer.cancel()
            self._write_timer = None

    @property
    def _idle(self):
        return self.cycle is None or self.cycle.response_complete

    def _close_idle(self):
        if self._idle:
            self.transport.close()

    def _look(self):
        missing = {h11.IDLE: "header", h11.SEND_BODY: "body"}.get(self.conn.their_state, "")
        if self.transport.is_closing():
            missing = ""
        if missing:
            self._room.wait(self)
        else:
            self._room.work(self)
        if missing != self._waits_for:
            self._wait_for(missing)

    def _wait_for(self, missing):
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._waits_for, self._since, self._received = missing, time.monotonic(), 0
        if missing:
            self._timer = self.loop.call_later(self._allowed(), self._late)

    def _allowed(self):
        """Return how many seconds the client has for what it sends now."""
        return HEADER_TIME if self._waits_for == "header" else BODY_TIME + self._received / RATE

    def _late(self):
        rest = self._since + self._allowed() - time.monotonic()
        if rest > 0:
            self._timer = self.loop.call_later(rest, self._late)
            return
        self._timer = None
        answered = self.cycle and self.cycle.response_started and not self.cycle.response_complete
        if not answered and (self._received or self._waits_for == "body"):
            self.transport.write(ANSWER_408)
        self.transport.close()


def _is_loopback(address):
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return True  # a socket of this machine
