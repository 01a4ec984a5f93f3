# Clears the site from a cache: sends it PURGE for each of PURGE_URLS, or runs PURGE_COMMAND.
#
# Set one of the two. A cache that has nothing at an address (404) is no error.
#
# PURGE_URLS       addresses, with spaces between them
# PURGE_COMMAND    a command for the host: varnishadm ban req.http.host == www.example.org
#
# needs:
import http.client
import os
import shlex
import subprocess
from urllib.parse import urlsplit

urls = os.environ.get("PURGE_URLS", "").split()
command = os.environ.get("PURGE_COMMAND", "")
if not urls and not command:
    raise SystemExit(
        "PURGE_URLS, PURGE_COMMAND: neither is set\n"
        "  next: ${EDITOR:-vi} deploy/deployments.toml  # set one of them"
    )
for url in urls:
    parts = urlsplit(url)
    by_hand = f"curl -i -X PURGE {shlex.quote(url)}"
    kind = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}.get(
        parts.scheme
    )
    try:
        if kind is None:
            raise ValueError("the address does not begin with http:// or https://")
        connection = kind(parts.netloc, timeout=10)
        connection.request("PURGE", parts._replace(scheme="", netloc="").geturl() or "/")
        status = connection.getresponse().status
        connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise SystemExit(f"{url}: {error}\n  next: {by_hand}") from None
    if status >= 300 and status != 404:
        raise SystemExit(
            f"{url}: the cache answered {status} to PURGE\n  next: {by_hand}"
            "  # the cache must accept PURGE from this machine"
        )
    print(f"purged {url}")
if command:
    host = os.environ.get("REMOTE_HOST", ".")
    if subprocess.run(
        ["ssh", host, "bash", "-eo", "pipefail"], input=command.encode(), check=False
    ).returncode:
        by_hand = command if host == "." else f"ssh {host} {shlex.quote(command)}"
        raise SystemExit(f"{host}: PURGE_COMMAND failed\n  next: {by_hand}")
    print("ran PURGE_COMMAND")
