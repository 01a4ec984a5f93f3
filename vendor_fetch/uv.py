"""Where uv is."""

import sys
from shutil import which

from bootstrapper.errors import WorkFailed


def find_uv() -> str:
    """The path of uv: that of its Python package, else the one on PATH. Raises WorkFailed."""
    try:
        from uv import find_uv_bin

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = which("uv")
    if not found:
        raise WorkFailed("uv", "not found, and it is what asks the index",
                         f"{sys.executable} -m pip install uv")
    return found
