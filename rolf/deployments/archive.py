"""Files of a project, packed: what an export gives, and what a new deployment may begin with."""

import gzip
import io
import tarfile
import zlib

from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.recipes.catalog import RECIPES

LARGEST = 4 * 1024 * 1024  # bytes, unpacked


class ArchiveError(Exception):
    """It can't be taken; the text says why, in a sentence."""


def pack(files):
    """Return a .tar.gz of texts by their paths, to be unpacked in a project."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return data.getvalue()


def unpack(data):
    """Return the texts by their paths: of a deployments.toml, or of a .tar.gz what matters in it.

    Nothing gets to the disk, and a name in an archive is no more than a name. Raises ArchiveError.
    """
    if not data.startswith(b"\x1f\x8b"):  # RFC 1952
        return {FILE: _text(FILE, data)}
    try:
        files = dict(_members(data))
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, LookupError,
            OverflowError):  # the last three come out of odd headers of a tar
        raise ArchiveError("It is no .tar.gz, or a damaged one.") from None
    if FILE not in files:
        raise ArchiveError(f"It has no {FILE}.")
    return files


def _members(data):
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        whole = file.read(LARGEST + 1)
    if len(whole) > LARGEST:
        raise ArchiveError(f"There are more than {LARGEST >> 20} MiB in it.")
    with tarfile.open(fileobj=io.BytesIO(whole), mode="r:") as archive:
        for member in archive:
            path = member.name.removeprefix("./")
            directory, _, name = path.rpartition("/")
            wanted = path == FILE or (directory == RECIPES and not name.startswith("."))
            # A sparse file says by itself how large it wants to be.
            if wanted and member.isreg() and not member.issparse():
                yield path, _text(path, archive.extractfile(member).read())


def _text(path, data):
    try:
        text = data.decode("utf-8-sig")  # editors of Windows begin with a byte order mark
    except UnicodeDecodeError as error:
        raise ArchiveError(f"{path} isn't UTF-8 at byte {error.start}.") from None
    if "\0" in text:
        raise ArchiveError(f"{path} holds a NUL, so it is no text.")
    return text.replace("\r\n", "\n")
