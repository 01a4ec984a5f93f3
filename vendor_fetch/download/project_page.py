"""Read the pages of the configured indexes: when files were uploaded, and where their provenance is.

The page of a project is JSON (PEP 691) with upload times (PEP 700) and provenance (PEP 740). uv reads
it as well, but its answer leaves the provenance out.
"""

import json
import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from bootstrapper.address import without_passwords
from vendor_fetch.download.request import ENCODINGS, TIMEOUT, body, request_options
from vendor_fetch.index.index import Index
from vendor_fetch.resolve.uv_run import SearchScope, Uv

JSON = "application/vnd.pypi.simple.v1+json"
# The largest page of 2026 has 30 MB. Parsed JSON can take 24 times as much memory as its text.
LARGEST = 64 << 20
_NOTHING = (404, 410)


class Unanswered(Exception):
    """An index did not answer, or its answer can't be read; the text says why."""


class NoJson(Unanswered):
    """An index has an answer, and not in JSON."""

    def __init__(self) -> None:
        super().__init__("its answer is no JSON")


@dataclass(frozen=True, kw_only=True)
class PageFile:
    """A file on a page. `provenance` is an address of the index, or empty."""

    sha256: str
    uploaded: datetime | None
    provenance: str


@dataclass(frozen=True, kw_only=True)
class ProjectPage:
    """The files that an index has for a project, by name."""

    files: Mapping[str, PageFile]

    @property
    def first_upload(self) -> datetime | None:
        """The time of the first upload; None if the index does not give it for every file."""
        times = [file.uploaded for file in self.files.values()]
        known = [time for time in times if time]
        return min(known) if known and len(known) == len(times) else None


class ConfiguredIndexes:
    """The indexes that uv would search for a project, in order. `file:` indexes are left out."""

    def __init__(self, project: Path, index: Index) -> None:
        import requests  # a project's ve lacks it

        self._session = requests.Session()
        self._index = index
        self._addresses = [] if index.no_index else _addresses(project, index)

    def page(self, name: str, filenames: Collection[str]) -> ProjectPage | None:
        """Return what the indexes have of a project; None if no index has it in JSON.

        The later indexes are asked only if the earlier ones lack some of the files: a name of the
        user's own is no business of a public index. Raise Unanswered.
        """
        files: dict[str, PageFile] = {}
        for address in self._addresses:
            place = urljoin(address, f"{name}/")
            try:
                content = self.get(place, JSON, LARGEST)
            except NoJson:
                break
            if content is not None:
                files = {**read_page(content, place).files, **files}
            if files.keys() >= set(filenames):
                break
        return ProjectPage(files=files) if files else None

    def get(self, address: str, accept: str, largest: int) -> bytes | None:
        """Return the JSON at an address; None if there is nothing. Raise Unanswered."""
        import requests

        content = bytearray()
        try:
            with self._session.get(
                address,
                headers={"Accept": accept, "Accept-Encoding": ENCODINGS},
                stream=True,
                timeout=TIMEOUT,
                **request_options(address, self._index),
            ) as response:
                if response.status_code in _NOTHING:
                    return None
                if response.status_code == requests.codes.not_acceptable:
                    raise NoJson
                response.raise_for_status()
                if "json" not in response.headers.get("Content-Type", ""):
                    raise NoJson
                for chunk in body(response):
                    content += chunk
                    if len(content) > largest:
                        raise Unanswered(f"it is larger than {largest >> 20} MiB")
        except requests.RequestException as error:
            raise Unanswered(without_passwords(str(error))) from None
        return bytes(content)


def _addresses(project: Path, index: Index) -> list[str]:
    """Return the addresses of the indexes, in uv's order: the default one is the last.

    uv itself prints them, whatever they are configured with, and those of its own default.
    """
    with tempfile.TemporaryDirectory(prefix="vendor-fetch-") as name:
        nothing = Path(name, "requirements.in")
        nothing.touch()
        run = Uv(project, SearchScope(index=index), Path(name), ()).run(
            *("pip", "compile", "--offline", "--no-header", "--quiet", "--emit-index-url"),
            *("--python", sys.executable, str(nothing)),
        )
    found: dict[str, list[str]] = {"--extra-index-url": [], "--index-url": []}
    for line in run.stdout.splitlines():
        option, _, address = line.partition(" ")
        if option in found and urlsplit(address).scheme in ("http", "https"):
            found[option].append(address.rstrip("/") + "/")
    return [*found["--extra-index-url"], *found["--index-url"]]


def read_page(content: bytes, address: str) -> ProjectPage:
    """Return the page of a project, which came from an address. Raise Unanswered."""
    try:
        entries = json.loads(content)["files"]
        return ProjectPage(files={each["filename"]: _file(each, address) for each in entries})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Unanswered("its page is no JSON of the simple API") from None


def _file(entry: Mapping[str, Any], address: str) -> PageFile:
    uploaded = entry.get("upload-time")
    return PageFile(
        sha256=str(entry["hashes"].get("sha256", "")),
        uploaded=_time(uploaded) if uploaded else None,
        provenance=_of_index(entry.get("provenance"), address),
    )


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _of_index(provenance: object, address: str) -> str:
    """Return the absolute address of a provenance, or nothing if another host has it.

    A mirror may pass on the addresses of the index behind it, which the user has not configured.
    """
    if not isinstance(provenance, str) or not provenance:
        return ""
    found, page = urlsplit(urljoin(address, provenance)), urlsplit(address)
    if (found.scheme, found.hostname, found.port) != (page.scheme, page.hostname, page.port):
        return ""
    # The credentials are those of the page.
    return found._replace(netloc=page.netloc).geturl()
