"""Find the file of advisories: one that the user names, or the project's, downloaded if it changed."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bootstrapper.address import without_passwords
from bootstrapper.errors import InputError
from bootstrapper.progress import Progress, megabytes
from vendor_fetch.atomic_file import atomic_file, write_file
from vendor_fetch.download.cache import cache_directory
from vendor_fetch.download.fetch import is_offline
from vendor_fetch.download.request import ENCODINGS, TIMEOUT, body, request_options
from vendor_fetch.index.index import Index, configured_index
from vendor_fetch.private_directory import make_private
from vendor_fetch.program import advisories_command, retry_command
from vendor_fetch.project.pyproject import setting_error

# A small server must not fill the disk. All advisories of the ecosystem have 100 MB in 2026.
LARGEST = 2 << 30


def advisory_file(setting: str, directory: Path, progress: Progress) -> Path:
    """Return the file of the setting `advisories`: a path, or the copy of an address in the cache.

    Raise InputError if there is no setting, if the address can't be reached, or if
    VENDOR_FETCH_OFFLINE forbids it.
    """
    if not setting:
        raise InputError(
            "audit",
            "no advisories: neither --advisories nor the setting of the project names a file or an "
            "address",
            f"{advisories_command('all.zip')}  # or write in pyproject.toml, "
            '[tool.vendor_fetch]: advisories = "https://advisories.example.org/all.zip"',
        )
    scheme = urlsplit(setting).scheme if "://" in setting else ""
    if not scheme:
        return directory / Path(setting).expanduser()
    if scheme not in ("http", "https"):
        raise setting_error(
            directory,
            "advisories",
            f"advisories: {without_passwords(setting)!r} is neither an address nor a path",
            'advisories = "https://advisories.example.org/all.zip"',
        )
    copy = _copy_of(setting)
    if is_offline():
        raise _unreachable(setting, "VENDOR_FETCH_OFFLINE forbids it", copy)
    return _downloaded(setting, copy, configured_index(directory), progress)


def _copy_of(address: str) -> Path:
    digest = hashlib.sha256(address.encode()).hexdigest()[:16]
    return cache_directory() / "advisories" / f"{digest}.zip"


def _downloaded(address: str, copy: Path, index: Index, progress: Progress) -> Path:
    import requests  # a project's ve lacks it

    make_private(copy.parent, copy.parents[1])
    answers = copy.with_suffix(".json")
    try:
        with requests.get(
            address,
            headers={"Accept-Encoding": ENCODINGS, **_conditions(copy, answers)},
            stream=True,
            timeout=TIMEOUT,
            **request_options(address, index),
        ) as response:
            if response.status_code == requests.codes.not_modified and copy.is_file():
                return copy
            response.raise_for_status()
            _save(response, copy, progress)
            write_file(answers, json.dumps(_answers(response.headers)).encode())
    except (requests.RequestException, EOFError, ValueError) as error:
        raise _unreachable(address, without_passwords(str(error)), copy) from None
    return copy


def _save(response: Any, copy: Path, progress: Progress) -> None:
    total = int(response.headers.get("Content-Length") or 0)
    # The old answers belong to the old file.
    copy.with_suffix(".json").unlink(missing_ok=True)
    with atomic_file(copy.parent) as file, progress.step("advisories", total, megabytes) as step:
        received = 0
        for chunk in body(response):
            received += len(chunk)
            if received > LARGEST:
                raise EOFError(f"it is larger than {LARGEST >> 30} GiB")
            file.write(chunk)
            step.advance(len(chunk))
        if total and "Content-Encoding" not in response.headers and received < total:
            raise EOFError(f"it ended after {received} of {total} bytes")
        file.commit(copy)


def _conditions(copy: Path, answers: Path) -> dict[str, str]:
    """Return the headers that ask for the file only if it has changed."""
    try:
        known = json.loads(answers.read_text()) if copy.is_file() else {}
    except (OSError, ValueError):
        known = {}
    names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
    return {
        header: known[name]
        for name, header in names.items()
        if isinstance(known, dict) and isinstance(known.get(name), str)
    }


def _answers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("ETag", "Last-Modified") if name in headers}


def _unreachable(address: str, fault: str, copy: Path) -> InputError:
    if copy.is_file():
        step = (
            f"{advisories_command(str(copy))}  # the copy of the last audit; "
            f"or, with a network: {retry_command()}"
        )
    else:
        step = (
            f"{advisories_command('all.zip')}  # a file from a machine with a "
            f"network; or here, with a network: {retry_command()}"
        )
    return InputError(without_passwords(address), f"can't be read: {fault}", step)
