# Requests SMOKE_URL as a visitor would, until the answer is right or SMOKE_TIMEOUT seconds pass.
#
# SMOKE_URL may hold several addresses, with spaces between them; {host} in one stands for the name of
# REMOTE_HOST. The recipe follows a redirect within the site; a redirect to another site is the answer.
#
# SMOKE_STATUS     the right status (200); several: "200 401"
# SMOKE_TEXT       a text that the page must have
# SMOKE_HOST       the host name to request, if the address is not the site's own
# SMOKE_TIMEOUT    seconds (30)
#
# per-host
# needs: SMOKE_URL
import http.client
import os
import shlex
import socket
import ssl
import time
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

REDIRECTS = (301, 302, 303, 307, 308)
RETRY_SECONDS, ANSWER_SECONDS = 0.1, 10.0  # between two requests, and for one answer
PAGE_SIZE = 4_000_000  # bytes to search for SMOKE_TEXT

name = os.environ.get("SMOKE_HOST", "")
text = os.environ.get("SMOKE_TEXT", "")
host = os.environ.get("REMOTE_HOST", "").rpartition("@")[2]
host = "localhost" if host == "." else host


def refuse(setting: str, fault: str) -> NoReturn:
    raise SystemExit(
        f"{setting}: {fault}\n  next: ${{EDITOR:-vi}} deploy/deployments.toml  # correct {setting}"
    )


try:
    expected = {int(word) for word in (os.environ.get("SMOKE_STATUS") or "200").split()}
    timeout_seconds = float(os.environ.get("SMOKE_TIMEOUT") or 30)
except ValueError as error:
    refuse("SMOKE_STATUS, SMOKE_TIMEOUT", f"not a number: {error}")


def request_page(url: str, timeout: float) -> tuple[int, str | None, bytes]:
    """Return status, target of a redirect, and body."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    address = (parts.hostname, parts.port or (443 if secure else 80))
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.sock = socket.create_connection(address, timeout)
        if secure:
            connection.sock = ssl.create_default_context().wrap_socket(
                connection.sock, server_hostname=name.partition(":")[0] or parts.hostname
            )
        connection.request(
            "GET",
            parts._replace(scheme="", netloc="", fragment="").geturl() or "/",
            headers={"Host": name or parts.netloc.rpartition("@")[2], "User-Agent": "smoke-test"},
        )
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location"), answer.read(PAGE_SIZE)
    finally:
        connection.close()


def follow(url: str, timeout: float) -> tuple[int, str, bytes]:
    """Return the answer after redirects within the site: status, redirect to another site, body."""
    first = urlsplit(url)
    for _ in range(5):
        status, location, body = request_page(url, timeout)
        if status in expected or status not in REDIRECTS or not location:
            break
        target = urlsplit(urljoin(url, location))
        if target.scheme != first.scheme or target.netloc not in (first.netloc, name):
            return status, f"a redirect to {target.geturl()}", b""
        url = target._replace(netloc=first.netloc).geturl()
    return status, "", body


def fault_of(url: str, timeout: float) -> str:
    """Return what is wrong with the answer, or an empty string."""
    try:
        status, where, body = follow(url, timeout)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"does not answer: {error or type(error).__name__}"
    if status not in expected:
        return f"answered {status}{where and ', ' + where}"
    if text.encode() not in body:
        return f"answered {status}, without {text!r} on the page"
    return ""


started = time.monotonic()
for url in os.environ["SMOKE_URL"].replace("{host}", host).split():
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        refuse("SMOKE_URL", f"{url!r} does not begin with http:// or https:// and a name")
    while True:
        requested = time.monotonic()
        left = started + timeout_seconds - requested
        fault = fault_of(url, max(0.5, min(ANSWER_SECONDS, left)))
        if not fault or time.monotonic() + RETRY_SECONDS > started + timeout_seconds:
            break
        time.sleep(RETRY_SECONDS)
    if fault:
        header = f"-H {shlex.quote('Host: ' + name)} " if name else ""
        raise SystemExit(
            f"{url} {fault}; tried for {timeout_seconds:g} s\n  next: curl -i {header}"
            f"{shlex.quote(url)}  # and read the web server's error log"
        )
    print(f"{url} answered in {time.monotonic() - requested:.2f} s")
