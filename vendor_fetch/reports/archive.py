"""Read a vendored file: its metadata, its license texts, and the SBOMs that it brings."""

import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import IO

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.wheel.archive import shorten_name
from vendor_fetch.graph.damage import DAMAGED
from vendor_fetch.graph.metadata import LARGEST
from vendor_fetch.program import edit_and_sync
from vendor_fetch.project.project import APPS_IN

# All licenses that we know are shorter. What is longer is a collection of several.
LARGEST_LICENSE = 256 << 10

_LICENSE_NAME = re.compile(r"(?:un)?licen[cs]es?(?![a-z])|copying(?![a-z])", re.IGNORECASE)
# In licenses/ of a wheel stands whatever its author declared; these are not licenses.
_OTHER_NAME = re.compile(r"(?:authors|contributors|notice|thanks|readme|change)", re.IGNORECASE)
_NO_TEXT = re.compile(r"\.(?:py|pyc|pyi|json|js|css|html?|toml|cfg|spdx)$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a vendored file says about itself.

    `metadata` are the fields of METADATA or PKG-INFO; a tarball may have none. `license_texts` and
    `sboms` (PEP 770) are by the member's name; a text that is too long to be one license is empty.
    """

    metadata: Message = field(default_factory=Message)
    license_texts: dict[str, str] = field(default_factory=dict)
    sboms: dict[str, bytes] = field(default_factory=dict)


def read_contents(path: Path) -> Contents:
    """Return what a vendored file says about itself. Raise WorkFailed if it can't be read."""
    try:
        return _of_wheel(path) if path.suffix == ".whl" else _of_tarball(path)
    except DAMAGED as error:
        raise unusable(path, f"can't be read: {error or type(error).__name__}") from None


def unusable(path: Path, fault: str) -> WorkFailed:
    """Return the error about a vendored file that another version of it would correct."""
    return WorkFailed(
        str(SOURCE / path.name), fault, edit_and_sync(APPS_IN, "ask for another version of it")
    )


def _of_wheel(path: Path) -> Contents:
    metadata, contents = None, Contents()
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            top, _, name = info.filename.partition("/")
            if not top.endswith(".dist-info") or info.is_dir():
                continue
            if name == "METADATA":
                with archive.open(info) as stream:
                    metadata = _metadata(_whole(stream, path, info.filename))
            elif name.startswith("sboms/"):
                with archive.open(info) as stream:
                    contents.sboms[info.filename] = _whole(stream, path, info.filename)
            elif _is_license(name) if "/" not in name else _is_declared(name):
                with archive.open(info) as stream:
                    contents.license_texts[name] = _text(stream)
    if metadata is None:
        raise unusable(path, "it has no METADATA, so it is not a wheel")
    return Contents(metadata=metadata, license_texts=contents.license_texts, sboms=contents.sboms)


def _of_tarball(path: Path) -> Contents:
    metadata, texts = Message(), {}
    for name, stream in _members(path):
        if name == "PKG-INFO":
            metadata = _metadata(_whole(stream, path, name))
        elif _is_license(name) and name.count("/") < 3:
            texts[name] = _text(stream)
    declared = set(map(str, metadata.get_all("License-File", [])))
    return Contents(
        metadata=metadata,
        license_texts={
            name: text for name, text in texts.items() if "/" not in name or name in declared
        },
    )


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the files of a tarball by their names below its top directory."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    with archive.open(info) as stream:
                        yield info.filename.removeprefix("./").partition("/")[2], stream
        return
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isreg() and (content := tar.extractfile(member)):
                yield member.name.removeprefix("./").partition("/")[2], content


def _is_license(name: str) -> bool:
    last = name.rpartition("/")[2]
    return bool(_LICENSE_NAME.match(last)) and not _NO_TEXT.search(last)


def _is_declared(name: str) -> bool:
    return name.startswith("licenses/") and not _OTHER_NAME.match(name.rpartition("/")[2])


def _whole(stream: IO[bytes], path: Path, name: str) -> bytes:
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise unusable(path, f"its {shorten_name(name)!r} is larger than {LARGEST >> 20} MiB")
    return data


def _text(stream: IO[bytes]) -> str:
    data = stream.read(LARGEST_LICENSE + 1)
    return "" if len(data) > LARGEST_LICENSE else data.decode("utf-8", "replace")


def _metadata(data: bytes) -> Message:
    return HeaderParser().parsestr(data.decode("utf-8", "replace"))
