"""A key of this machine alone: a file that the first use makes, for its owner to read."""

import os

from django.core.exceptions import ImproperlyConfigured


def read(path, make):
    """Return what the file holds; `make()` gives its bytes where there is none yet."""
    try:
        if not path.exists():
            _write(path, make)
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path}: {error.strerror}; be the user whose Rolf this is (ls -l {path.parent})"
        ) from error


def _write(path, make):
    """Of two processes that come first, one makes it; the name appears with the key in it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink(missing_ok=True)
