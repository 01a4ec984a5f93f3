"""Objects by name in a directory or an S3-compatible store, through Django's Storage API."""

import hashlib
import os
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File

from .directory import DirectoryStorage

PIECE = 1024 * 1024
CONNECT, READ = 5, 30  # seconds that an S3-compatible store may take


AWAY = "The output is in the store of logs, which does not answer now. Try again later."


class StoreError(Exception):
    """A store does not answer, has no space, or has lost an object.

    Its text is for the server's log. Users get AWAY.
    """


class ObjectStore:
    """The store of a setting: a directory, a file: URL, or s3://bucket/prefix."""

    def __init__(self, setting, url):
        """Raise ImproperlyConfigured if the URL is of no store, or a library is missing."""
        self.setting = setting
        self.address = url
        self._storage, self._errors = _storage(setting, url)

    @property
    def is_directory(self):
        """Whether it is a directory, which may be on this machine only."""
        return isinstance(self._storage, DirectoryStorage)

    def unwritable_directory(self):
        """Return the directory if it does not exist or cannot be written, else None."""
        if not self.is_directory or os.access(self._storage.location, os.R_OK | os.W_OK | os.X_OK):
            return None
        return self._storage.location

    def put(self, name, content, digest):
        """Store a file or bytes. Read them back, and raise StoreError if they differ.

        `digest` is the SHA-256 of the content.
        """
        content = ContentFile(content) if isinstance(content, bytes) else File(content)
        with self._translated(name):
            saved = self._storage.save(name, content)
        if saved != name:
            raise StoreError(f"{self.setting}: {name} was stored as {saved}")
        for _ in self.pieces(name, digest):
            pass

    def get(self, name, digest):
        """Return the bytes of an object. Raise StoreError if they are not those of the digest."""
        return b"".join(self.pieces(name, digest))

    def pieces(self, name, digest):
        """Yield the bytes of an object. Raise StoreError, at the latest after the last piece."""
        found = hashlib.sha256()
        with self._translated(name), self._storage.open(name) as file:
            while piece := file.read(PIECE):
                found.update(piece)
                yield piece
        if found.digest() != digest:
            raise StoreError(f"{self.setting}: the content of {name} has changed")

    def delete(self, name):
        """Delete an object, if it exists. Raise StoreError."""
        with self._translated(name):
            self._storage.delete(name)

    def tidy(self):
        """Remove what killed processes have left. Raise StoreError."""
        if self.is_directory:
            with self._translated("incomplete files"):
                self._storage.tidy()

    @contextmanager
    def _translated(self, name):
        try:
            yield
        except self._errors as error:
            raise StoreError(
                f"{self.setting}: {name}: {error}. Check that the store answers and has space; "
                "Rolf tries again."
            ) from error


def log_store():
    """Return the ObjectStore of old logs, or None if they stay in the database."""
    return _store("ROLF_LOG_STORE", settings.LOG_STORE)


def checkout_store():
    """Return the ObjectStore of checkouts, or None if they stay on their machine."""
    return _store("ROLF_CHECKOUT_STORE", settings.CHECKOUT_STORE)


@cache
def _store(setting, url):
    return ObjectStore(setting, url) if url else None


def _storage(setting, url):
    """Return (the Storage of a URL, the exceptions that it raises)."""
    parts = urlsplit(url)
    if parts.scheme in ("", "file") and not parts.netloc and Path(parts.path).is_absolute():
        return DirectoryStorage(parts.path), (OSError,)
    if parts.scheme == "s3" and parts.netloc:
        return _s3(setting, parts)
    raise ImproperlyConfigured(
        f"{setting}={url}: write an absolute directory or s3://bucket/prefix?endpoint=https://..."
    )


def _s3(setting, parts):
    try:
        from boto3.exceptions import Boto3Error
        from boto3.s3.transfer import TransferConfig
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
        from storages.backends.s3 import S3Storage
    except ImportError as error:
        raise ImproperlyConfigured(
            f"{setting}: {error}. Remove the '# ' before '-r storage-s3.in' in "
            "requirements/apps.in, and run: make vendor"
        ) from None
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    endpoint = options.pop("endpoint", None)
    region = options.pop("region", None)
    if options:
        raise ImproperlyConfigured(f"{setting}: unknown option {', '.join(options)}")
    storage = S3Storage(
        bucket_name=parts.netloc,
        location=parts.path.strip("/"),
        endpoint_url=endpoint,
        region_name=region,
        file_overwrite=True,
        transfer_config=TransferConfig(use_threads=False),
        client_config=Config(
            connect_timeout=CONNECT,
            read_timeout=READ,
            retries={"total_max_attempts": 2},
            # Many S3-compatible stores know no checksums in headers; `put` reads all back anyway.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            signature_version="s3v4",
            # A name of a bucket as a host name needs a wildcard in the DNS.
            s3={"addressing_style": "path" if endpoint else "auto"},
        ),
    )
    return storage, (OSError, Boto3Error, BotoCoreError, ClientError)
