"""Pack the files of an export, and unpack those that a new deployment starts from."""

import gzip
import io
import tarfile
import zlib

from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.recipes.catalog import RECIPES

LARGEST = 4 * 1024 * 1024  # bytes, unpacked


class ArchiveError(Exception):
    """An uploaded file is unusable; the text is a sentence that says why."""


def pack(files):
    """Return a .tar.gz of files, given as text by path."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return data.getvalue()


def unpack(data):
    """Return files as text by path: a deployments.toml, or what matters of a .tar.gz.

    Writes nothing to the disk, so paths in the archive can do no harm. Raises ArchiveError.
    """
    if not data.startswith(b"\x1f\x8b"):  # RFC 1952
        return {FILE: _text(FILE, data)}
    try:
        files = dict(_members(data))
    except (
        OSError,
        EOFError,
        zlib.error,
        tarfile.TarError,
        ValueError,
        LookupError,
        OverflowError,
    ):  # the last three come from malformed tar headers
        raise ArchiveError("The file is not a .tar.gz, or it is damaged.") from None
    if FILE not in files:
        raise ArchiveError(f"The archive has no {FILE}.")
    return files


def _members(data):
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        whole = file.read(LARGEST + 1)
    if len(whole) > LARGEST:
        raise ArchiveError(f"The archive unpacks to more than {LARGEST >> 20} MiB.")
    with tarfile.open(fileobj=io.BytesIO(whole), mode="r:") as archive:
        for member in archive:
            path = member.name.removeprefix("./")
            directory, _, name = path.rpartition("/")
            wanted = path == FILE or (directory == RECIPES and not name.startswith("."))
            # The header of a sparse file alone sets its size, so it could be huge.
            if wanted and member.isreg() and not member.issparse():
                yield path, _text(path, archive.extractfile(member).read())


def _text(path, data):
    try:
        text = data.decode("utf-8-sig")  # Windows editors write a byte order mark
    except UnicodeDecodeError as error:
        raise ArchiveError(f"{path} is not UTF-8 at byte {error.start}.") from None
    if "\0" in text:
        raise ArchiveError(f"{path} contains a NUL byte, so it is not text.")
    return text.replace("\r\n", "\n")
