"""Find the user and the password for a host: in the addresses, in uv's variables, in the keyring."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from shutil import which
from urllib.parse import unquote, urlsplit

from vendor_fetch.index.uv import Table

Credentials = dict[str, tuple[str, str]]
"""User and password by the origin of an index."""

_PORTS = {"http": 80, "https": 443}


def origin(address: str) -> str:
    """Return the scheme, host and port of an address; empty if it has no host.

    A password for https must not go over http, nor to another service of the host: a page can name
    any address.
    """
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else ""


def credentials(addresses: Iterable[str]) -> Credentials:
    """Return the credentials in addresses. A user without a password has an empty one."""
    found = {}
    for address in addresses:
        parts = urlsplit(address)
        if parts.hostname and parts.username:
            found[origin(address)] = (unquote(parts.username), unquote(parts.password or ""))
    return found


def credentials_of_tables(settings: Table, environ: Mapping[str, str]) -> Credentials:
    """Return the credentials of the indexes in uv's files, and of UV_INDEX_NAME_USERNAME."""
    found: Credentials = {}
    for table in _tables(settings):
        address = table["url"]
        found |= credentials([address])
        prefix = variable_prefix(str(table.get("name", "")))
        user = environ.get(f"{prefix}USERNAME")
        if (place := origin(address)) and user:
            found[place] = (user, environ.get(f"{prefix}PASSWORD", ""))
    return found


def variable_prefix(name: str) -> str:
    """Return how uv's variables for the credentials of a named index begin."""
    return "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", name.upper()) + "_"


def services(addresses: Iterable[str]) -> dict[str, str]:
    """Return the address without credentials by origin: the name under which a keyring has them."""
    found = {}
    for address in addresses:
        parts = urlsplit(address)
        if parts.hostname:
            netloc = parts.netloc.rpartition("@")[2]
            found[origin(address)] = parts._replace(netloc=netloc).geturl()
    return found


@lru_cache
def keyring_password(service: str, user: str) -> str:
    """Return what the program `keyring` has for an address or its host; empty if it has nothing."""
    program = which("keyring")
    names = [service, urlsplit(service).netloc, urlsplit(service).hostname or ""]
    for name in dict.fromkeys(names) if program else ():
        run = subprocess.run(
            [str(program), "get", name, user],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if not run.returncode and run.stdout.strip():
            return run.stdout.strip("\n")
    return ""


def index_urls(settings: Table) -> list[str]:
    """Return the addresses of the indexes in uv's files."""
    return [table["url"] for table in _tables(settings)]


def _tables(settings: Table) -> Iterator[Table]:
    """Yield each index of uv's settings as a table with `url`."""
    for table in (settings, settings.get("pip", {})):
        for key in ("index", "index-url", "extra-index-url"):
            value = table.get(key, [])
            for each in value if isinstance(value, list) else [value]:
                entry = each if isinstance(each, dict) else {"url": each}
                if isinstance(entry.get("url"), str):
                    yield entry
