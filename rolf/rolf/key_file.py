"""A key of this machine alone: a file that the first use makes, for its owner to read."""

import os


def read(path, make):
    """Return what the file holds; `make()` gives its bytes where there is none yet."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        # Of two processes that come first, one makes it; the name appears with the key in it.
        if not path.exists():
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
            os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink(missing_ok=True)
    return path.read_text()
