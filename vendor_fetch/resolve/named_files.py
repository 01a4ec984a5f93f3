"""Refuse files of this machine that an index of a network names.

An index at http or https may name a file by any address. pip follows none to a local path, and uv
follows file: addresses. A local index and find-links name local files rightly.
"""

import os
import re
from collections.abc import Iterable, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from vendor_fetch.index.uv import INDEX_VARIABLES, UvSettings, index_addresses
from vendor_fetch.program import retry_command

_MAIN = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_WEB = ("http", "https")
_LINK = re.compile(r"""href\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)


def refuse_named_files(
    addresses: Iterable[str], settings: UvSettings, environment: Mapping[str, str], project: Path
) -> None:
    """Raise WorkFailed for a file of this machine that no local index and no find-links have.

    The addresses are those of the files that a run of uv has found with these settings and this
    environment. Without a network among its indexes, every file is allowed.
    """
    locations = [
        *(each for name in INDEX_VARIABLES for each in index_addresses(name, environment)),
        *settings.locations,
    ]
    has_main = any(environment.get(name) for name in _MAIN) or settings.has_main_index
    if has_main and not any(urlsplit(each).scheme.lower() in _WEB for each in locations):
        return
    places = [
        project / (_path(each) or Path(each).expanduser())
        for each in locations
        if urlsplit(each).scheme.lower() not in _WEB
    ]
    for address in addresses:
        path = _path(address)
        if path and not any(_has(place, path) for place in places):
            raise WorkFailed(
                path.name,
                f"the index names {address} for it; an index of a network must not name a file of "
                "this machine",
                f"{retry_command()}  # with another index in the settings of pip or uv; report the "
                "page to the operators of this one",
            )


def _has(place: Path, path: Path) -> bool:
    """Return whether a local index or find-links has a file, or a page that names it."""
    # The file itself may be a link, as in the cache.
    if place.is_dir() and path.parent.resolve().is_relative_to(place.resolve()):
        return True
    try:
        page = place / parse_filename(path.name).name / "index.html" if place.is_dir() else place
        links = _LINK.findall(page.read_text(encoding="utf-8", errors="replace"))
    except (OSError, InvalidFilename):
        return False
    return any(path == _path(urljoin(page.as_uri(), unescape(link))) for link in links)


def _path(address: str) -> Path | None:
    """Return the path of a file: address, without dots; None for another address."""
    parts = urlsplit(address)
    return Path(os.path.normpath(unquote(parts.path))) if parts.scheme == "file" else None
