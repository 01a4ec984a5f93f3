"""The options of every request: credentials and certificates of the configured index."""

from typing import Any
from urllib.parse import urlsplit

from vendor_fetch.index.index import Index

# Seconds to connect, and seconds between two bytes.
TIMEOUT = (15, 60)


def request_options(address: str, index: Index) -> dict[str, Any]:
    """Return the keyword arguments of requests for an address: auth and verify."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    is_trusted = bool({host, parts.netloc.rpartition("@")[2]} & index.trusted_hosts)
    return {
        # With None, requests takes those of the address, or looks into ~/.netrc.
        "auth": index.login(address),
        "verify": False if is_trusted else index.certificates or True,
    }
