"""Where copies of the audit log go: files and syslog servers, each named by a URL.

A sink's `send` returns when the sink has all rows, and raises OSError otherwise. Rows may then
arrive twice; their sequence shows it.
"""

import fcntl
import os
import socket
import ssl
from contextlib import closing, suppress
from urllib.parse import parse_qs, unquote, urlsplit

from . import syslog

TIMEOUT = 4.0  # seconds for each of connecting, sending and the answer
MODE = 0o640
PORTS = {"udp": 514, "tcp": 601, "tls": 6514}
OPTIONS = {"facility", "ca", "cert", "key"}


class FileSink:
    """A file of JSON lines. Each batch opens it, so it can be renamed at any time (logrotate)."""

    def __init__(self, path):
        """`path` is absolute."""
        self._path = path

    def send(self, entries):
        """Append the rows, all or none of them."""
        data = "".join(f"{syslog.json_line(entry)}\n" for entry in entries).encode("ascii")
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)  # a full disk must not leave half a line
                raise
        finally:
            os.close(descriptor)


class DatagramSink:
    """A syslog server by UDP or at a Unix socket, which confirms nothing."""

    def __init__(self, family, address, facility):
        """`address` is what a socket of the family connects to."""
        self._family, self._address, self._facility = family, address, facility

    def send(self, entries):
        """Send a datagram for each row."""
        with closing(socket.socket(self._family, socket.SOCK_DGRAM)) as connection:
            connection.settimeout(TIMEOUT)
            connection.connect(self._address)
            for entry in entries:
                connection.send(syslog.message(entry, self._facility))


class StreamSink:
    """A syslog server by TCP or TLS.

    TCP confirms what the server's kernel has got, not what the server has read. So each batch has a
    connection of its own: a server closes it when it has read everything, and the kernel resets it
    if the server died before.
    """

    def __init__(self, host, port, facility, tls=None):
        """`tls` is an ssl.SSLContext, or None."""
        self._address, self._facility, self._tls = (host, port), facility, tls

    def send(self, entries):
        """Send the rows, and wait until the server has read them."""
        data = syslog.counted(syslog.message(entry, self._facility) for entry in entries)
        with socket.create_connection(self._address, TIMEOUT) as plain:
            if self._tls is None:
                plain.sendall(data)
                plain.shutdown(socket.SHUT_WR)
                _wait_for_end(plain)
                return
            with self._tls.wrap_socket(plain, server_hostname=self._address[0]) as secure:
                secure.sendall(data)
                _close(secure)


def _close(secure):
    """Send the end of the TLS stream, and wait until the server closes it."""
    # It may close without an answer, or never: it has the rows in both cases.
    with suppress(ssl.SSLEOFError, ssl.SSLZeroReturnError, TimeoutError):
        secure.unwrap()


def _wait_for_end(plain):
    """Wait until the server closes the connection. A server that never does has the rows, too."""
    with suppress(TimeoutError):
        while plain.recv(4096):
            pass


def sink_of(url):
    """Return the sink of a URL. Raises ValueError, which says what is wrong.

    file:///var/log/rolf/audit.jsonl
    syslog+udp://HOST[:514]  syslog+tcp://HOST[:601]  syslog+tls://HOST[:6514]  syslog+unix:///dev/log
    with ?facility=authpriv, and for TLS &ca=FILE&cert=FILE&key=FILE
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := set(options) - OPTIONS:
        raise ValueError(f"{url}: unknown option {min(unknown)}")
    facility = options.get("facility", "authpriv")
    if facility not in syslog.FACILITIES:
        raise ValueError(f"{url}: the facility must be one of {', '.join(syslog.FACILITIES)}")
    path = unquote(parts.path)
    kind, _, transport = parts.scheme.partition("+")
    if kind == "file" and path.startswith("/") and not parts.netloc:
        return FileSink(path)
    if kind == "syslog" and transport == "unix" and path.startswith("/"):
        return DatagramSink(socket.AF_UNIX, path, facility)
    if kind == "syslog" and transport in PORTS and parts.hostname:
        port = parts.port or PORTS[transport]
        if transport == "udp":
            family, _, _, _, address = socket.getaddrinfo(
                parts.hostname, port, type=socket.SOCK_DGRAM
            )[0]
            return DatagramSink(family, address, facility)
        return StreamSink(
            parts.hostname, port, facility, _tls(url, options) if transport == "tls" else None
        )
    raise ValueError(
        f"{url}: write file:///FILE, syslog+udp://HOST, syslog+tcp://HOST, syslog+tls://HOST "
        "or syslog+unix:///dev/log"
    )


def _tls(url, options):
    try:
        context = ssl.create_default_context(cafile=options.get("ca"))
        if "cert" in options:
            context.load_cert_chain(options["cert"], options.get("key"))
    except OSError as error:
        raise ValueError(f"{url}: {error.strerror or error}") from error
    return context
