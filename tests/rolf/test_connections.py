"""Visitors who send half a request, too much, or nothing at all, while others want a page."""

import resource
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.support.rolf_home import Home, Running, running
from tests.support.rolf_visitor import Visitor

HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
SLOW = (
    b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\na"
)


@contextmanager
def connected(rolf: Running, times: int = 1, data: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open so many connections, and send the data on each."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    host, port = rolf.address.removeprefix("http://").rstrip("/").split(":")
    with ExitStack() as opened:
        sockets = []
        for _ in range(times):
            sockets.append(opened.enter_context(socket.create_connection((host, int(port)), 20)))
            sockets[-1].sendall(data)
        yield sockets


def is_open(opened: socket.socket) -> bool:
    """Whether the server has neither answered nor closed it."""
    watch = select.poll()
    watch.register(opened, select.POLLIN)
    return not watch.poll(0)


def answer(opened: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    found = b""
    try:
        while data := opened.recv(65536):
            found += data
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize("data", [HALF, SLOW, b""], ids=["half a header", "half a body", "nothing"])
def test_half_sent_requests_hold_up_no_page(home: Home, data: bytes) -> None:
    with running(home, files=1024) as rolf:
        before = len(rolf.printed)
        with connected(rolf, 1500, data) as half_sent:
            assert rolf.get("sign-in/") == 200
            assert rolf.get("sign-in/") == 200
            assert any(map(is_open, half_sent)), "none had to time out before"
        assert rolf.get("sign-in/") == 200
        printed = rolf.printed[before:]
        assert "too many connections" in printed
        assert len(printed) < 2000, printed
        assert "Traceback" not in printed


def test_an_accept_without_files_logs_a_line(home: Home) -> None:
    with running(home, files=64) as rolf, connected(rolf, 400, HALF):
        time.sleep(3)
        assert len(rolf.printed) < 3000, rolf.printed
        assert "Traceback" not in rolf.printed


def test_slow_headers_and_bodies_are_timed_out(home: Home) -> None:
    with running(home) as rolf:
        began = time.monotonic()
        with (
            connected(rolf, 2, HALF) as slow,
            connected(rolf, 2, SLOW) as bodies,
            connected(rolf, 1) as silent,
        ):
            while time.monotonic() - began < 9:
                time.sleep(0.5)
                for opened in (slow[0], bodies[0]):
                    opened.sendall(b"a")
            assert [answer(opened)[:12] for opened in slow] == [b"HTTP/1.1 408"] * 2
            assert answer(silent[0]) == b""
            assert all(map(is_open, bodies))
            assert [answer(opened)[:12] for opened in bodies] == [b"HTTP/1.1 408"] * 2
            assert time.monotonic() - began > 18
        assert "Traceback" not in rolf.printed


def test_an_idle_connection_is_closed(home: Home) -> None:
    with running(home) as rolf:
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with connected(rolf, 1, request) as [opened]:
            began = time.monotonic()
            assert answer(opened).startswith(b"HTTP/1.1 200")
            assert time.monotonic() - began > 4


@pytest.mark.parametrize("how", ["announced", "chunked"])
def test_a_huge_body_is_refused_at_once(home: Home, how: str) -> None:
    head = b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    body = b"a" * 65536
    if how == "announced":
        head += b"Content-Length: 629145600\r\n\r\n"
    else:
        head += b"Transfer-Encoding: chunked\r\n\r\n"
        body = b"10000\r\n" + body + b"\r\n"
    with running(home) as rolf, connected(rolf, 1, head) as [opened]:
        sent = 0
        try:
            while sent < 600 << 20:
                sent += opened.send(body)
        except OSError:
            pass
        assert answer(opened).startswith(b"HTTP/1.1 413")
        assert sent < 20 << 20
        assert "Traceback" not in rolf.printed


def test_headers_without_end_are_refused(home: Home) -> None:
    with running(home) as rolf, connected(rolf, 1, HALF) as [opened]:
        sent = 0
        try:
            while sent < 100 << 20:
                sent += opened.send(b"a" * 4096)
        except OSError:
            pass
        assert answer(opened).startswith(b"HTTP/1.1 400")
        assert sent < 10 << 20


def test_broken_requests_leave_few_lines_in_the_log(home: Home) -> None:
    chunked = b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with running(home) as rolf:
        before = len(rolf.printed)
        for data in (
            b"\0\1\2\r\n\r\n",
            chunked + b"zz\r\n",
            chunked + b"5\r\nabc",
            SLOW,
            b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        ):
            for _ in range(20):
                with connected(rolf, 1, data):
                    pass
        assert rolf.get() == 200
        time.sleep(1)
        printed = rolf.printed[before:]
        assert "Traceback" not in printed, printed
        assert len(printed) < 4000, printed


def test_event_streams_outlive_a_flood(home: Home) -> None:
    with running(home, files=1024) as rolf:
        visitor = Visitor(rolf.address)
        visitor.sign_in(rolf.reported["login"], rolf.reported["password"])
        signed_in = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies)
        request = f"GET /live/ HTTP/1.1\r\nHost: localhost\r\nCookie: {signed_in}\r\n\r\n"
        with connected(rolf, 1, request.encode()) as [stream]:
            assert b"event: news" in stream.recv(65536) + stream.recv(65536)
            with connected(rolf, 1500, HALF):
                end = time.monotonic() + 12  # longer than any header or idle connection may take
                while time.monotonic() < end:
                    assert stream.recv(65536)
