"""Refuse files of this machine that an index of a network names.

An index at http or https may name a file by any address. pip follows none to a local path, and uv
follows file: addresses. A local index and find-links name local files rightly.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bootstrapper.errors import WorkFailed
from vendor_fetch.index.uv import INDEX_VARIABLES, UvSettings, index_addresses
from vendor_fetch.program import retry_command

_MAIN = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_WEB = ("http", "https")


def refuse_named_files(
    addresses: Iterable[str], settings: UvSettings, environment: Mapping[str, str], project: Path
) -> None:
    """Raise WorkFailed for a file of this machine outside of the directories that are configured.

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
    directories = list(_directories(locations, project))
    for address in addresses:
        path = _path(address)
        # The file itself may be a link, as in the cache.
        if path and not any(path.parent.resolve().is_relative_to(each) for each in directories):
            raise WorkFailed(
                path.name,
                f"the index names {address} for it; an index of a network must not name a file of "
                "this machine",
                f"{retry_command()}  # with another index in the settings of pip or uv; report the "
                "page to the operators of this one",
            )


def _directories(locations: Iterable[str], project: Path) -> Iterator[Path]:
    for location in locations:
        if urlsplit(location).scheme.lower() not in _WEB:
            path = project / (_path(location) or Path(location).expanduser())
            yield (path if path.is_dir() else path.parent).resolve()


def _path(address: str) -> Path | None:
    """Return the path of a file: address, without dots; None for another address."""
    parts = urlsplit(address)
    return Path(os.path.normpath(unquote(parts.path))) if parts.scheme == "file" else None
