"""The file of a backup: a tar archive. Its last member, the manifest, has the SHA-256 of each file.

Any tar reads it. An archive without a manifest is incomplete.
"""

import hashlib
import io
import json
import os
import tarfile
import time
from pathlib import Path, PurePosixPath

from .errors import BackupError

MANIFEST = "manifest.json"
FORMAT = 1
PIECE = 1024 * 1024


class Writer:
    """Writes an archive into a binary stream."""

    def __init__(self, stream):
        """Begin the archive."""
        self._tar = tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._files = {}

    def add(self, name, path):
        """Add a file. If it grows meanwhile, the archive has what it had at first."""
        with Path(path).open("rb") as file:
            self.add_stream(name, file, os.fstat(file.fileno()).st_size)

    def add_stream(self, name, file, size):
        """Add that many bytes of a stream. Raise OSError if it has fewer."""
        hashing = _Hashing(file)
        self._tar.addfile(_member(name, size), hashing)
        self._files[name] = {"sha256": hashing.hexdigest(), "bytes": size}

    def add_bytes(self, name, data):
        """Add bytes as a file."""
        self.add_stream(name, io.BytesIO(data), len(data))

    def close(self, facts):
        """Write the manifest, which is `facts` and the list of files, and end the archive."""
        manifest = {"format": FORMAT, **facts, "files": self._files}
        data = json.dumps(manifest, indent=1).encode()
        self._tar.addfile(_member(MANIFEST, len(data)), io.BytesIO(data))
        self._tar.close()


def _member(name, size):
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(time.time())
    return member


class _Hashing:
    """A stream that hashes what is read."""

    def __init__(self, file):
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size=-1):
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def hexdigest(self):
        return self._hash.hexdigest()


class Archive:
    """An archive that can be read at any place."""

    def __init__(self, file, name):
        """Take a binary file and its name for messages. Raise BackupError if it is no backup."""
        self._name = name
        try:
            self._tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - the file is closed
            names = self._tar.getnames()
            if odd := [each.name for each in self._tar.getmembers() if not each.isreg()]:
                raise BackupError(f"{name}: {odd[0]} is no file")
            if MANIFEST not in names:
                raise BackupError(f"{name}: it is incomplete: it has no {MANIFEST}")
            self.manifest = json.loads(self._tar.extractfile(MANIFEST).read())
        except (tarfile.TarError, ValueError, OSError) as error:
            raise BackupError(f"{name}: it is no backup of Rolf, or is damaged: {error}") from error
        if not isinstance(self.manifest, dict):
            raise BackupError(f"{name}: its {MANIFEST} is not that of a backup")
        if self.manifest.get("format") != FORMAT:
            raise BackupError(
                f"{name}: its format is {self.manifest.get('format')}, not {FORMAT}: "
                "restore it with a newer release of Rolf"
            )
        files = self.manifest.get("files")
        if not isinstance(files, dict) or sorted(names) != sorted([*files, MANIFEST]):
            raise BackupError(f"{name}: its files are not those of its manifest")
        for each in names:
            if PurePosixPath(each).is_absolute() or ".." in PurePosixPath(each).parts:
                raise BackupError(f"{name}: the path {each} leads out of the archive")

    def verify(self):
        """Compare the SHA-256 of each file. Raise BackupError at the first that differs."""
        for name in self.manifest["files"]:
            for _ in self.pieces(name):
                pass

    def names(self, prefix):
        """Return the names of the files that begin with the prefix."""
        return [name for name in self.manifest["files"] if name.startswith(prefix)]

    def pieces(self, name):
        """Yield the bytes of a file. Raise BackupError, at the latest after the last piece."""
        found = hashlib.sha256()
        try:
            with self._tar.extractfile(name) as file:
                while piece := file.read(PIECE):
                    found.update(piece)
                    yield piece
        except (tarfile.TarError, OSError) as error:
            raise BackupError(f"{self._name}: {name} can't be read: {error}") from error
        if found.hexdigest() != self.manifest["files"][name]["sha256"]:
            raise BackupError(f"{self._name}: {name} is damaged: its SHA-256 differs")

    def read(self, name):
        """Return the bytes of a small file."""
        return b"".join(self.pieces(name))

    def extract(self, name, path):
        """Write a file, with mode 0600, to the disk."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for piece in self.pieces(name):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
