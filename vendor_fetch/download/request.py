"""Every request: credentials and certificates of the configured index, and the body of the answer."""

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vendor_fetch.index.index import Index

if TYPE_CHECKING:
    from requests import Response

# Seconds to connect, and seconds between two bytes.
TIMEOUT = (15, 60)
# The encodings that `body` can read.
ENCODINGS = "gzip, deflate"
_PIECE = 1 << 18


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


def body(response: "Response") -> Iterator[bytes]:
    """Yield the content of an answer in small pieces, however much it is compressed.

    requests itself decompresses a whole piece at once, which may become a thousand times as large.
    Raise requests.RequestException.
    """
    import requests  # a project's ve lacks it
    from urllib3.exceptions import HTTPError

    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise requests.exceptions.ContentDecodingError(f"its encoding is {encoding!r}")
    try:
        pieces = response.raw.stream(_PIECE, decode_content=False)
        yield from pieces if encoding == "identity" else _decompressed(pieces)
    except (HTTPError, zlib.error, EOFError) as error:
        raise requests.exceptions.ContentDecodingError(str(error)) from None


def _decompressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    decoder = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)  # gzip or zlib, as its header says
    for piece in pieces:
        while piece:
            yield decoder.decompress(piece, _PIECE)
            piece = decoder.unconsumed_tail
    if not decoder.eof:
        raise EOFError("it ends in the middle")
