"""Serve an adopted project by Apache, with mod_wsgi for its Python."""

import os
import re
import stat
import subprocess
import time
from pathlib import Path

from reliability.adopting import site as site_files
from tests.support.apache import MOD_WSGI, serve
from tests.support.site import DEBIAN_PYTHON, USER
from vendor_fetch.index.uv import find_uv

HOST = "adopted.example"
# Apache's user may not enter the home directory that a Python is in. In a mount namespace of its own,
# Apache finds nothing but that Python in the directory.
_ENTER = """\
set -e
closed="$1" prefix="$2" kept="$3"; shift 3
mkdir -p "$kept"
mount --bind "$prefix" "$kept"
mount -t tmpfs -o mode=755 none "$closed"
mkdir -p "$prefix"
mount --bind "$kept" "$prefix"
exec "$@"
"""


class NotServed(Exception):
    """Apache does not serve the page; the text says why."""


def first_page(site: Path, python: Path, scratch: Path, programs: Path) -> float:
    """Return the seconds from the start of Apache to the first page. Raise NotServed."""
    directory = scratch / "apache"
    directory.mkdir()
    subprocess.run(["chown", "-R", USER, site / "data"], check=True)
    wsgi, prefix = mod_wsgi(python, programs), _namespace(python, directory)
    began = time.monotonic()
    try:
        with serve(directory, site / "apache/production.conf", wsgi=wsgi, prefix=prefix) as server:
            answer = server.get("/", host=HOST, timeout=90)
            seconds = round(time.monotonic() - began, 2)
            if answer.status != 200 or "Adopted: " not in answer.text:
                raise NotServed(f"/: {answer.status}: {_log(directory)}")
            answer = server.get("/static/pages/site.css", host=HOST)
            if (answer.status, answer.text) != (200, site_files.STYLE):
                raise NotServed(f"the static file: {answer.status}: {_log(directory)}")
    except (AssertionError, OSError) as error:
        raise NotServed(f"{error}: {_log(directory)}") from None
    return seconds


def mod_wsgi(python: Path, programs: Path) -> Path:
    """Return the module for a Python: Debian's, or one that is built once."""
    if python == Path(DEBIAN_PYTHON):
        return MOD_WSGI
    home = programs / f"mod_wsgi-{python.name}"
    if not home.exists():
        link = {"LDFLAGS": f"-Wl,-rpath,{_prefix(python)}/lib"}
        for command in (
            [find_uv(), "venv", "--quiet", "--python", python, home],
            [find_uv(), "pip", "install", "--quiet", "--python", home / "bin/python", "mod_wsgi"],
        ):
            subprocess.run(command, check=True, env={**os.environ, **link})
    (module,) = home.rglob("mod_wsgi-py*.so")
    return module


def _prefix(python: Path) -> Path:
    words = [python, "-c", "import sys; print(sys.base_prefix)"]
    return Path(subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip())


def _namespace(python: Path, directory: Path) -> list[str]:
    prefix = _prefix(python)
    closed = [each for each in prefix.parents if not each.stat().st_mode & stat.S_IXOTH]
    if not closed:
        return []
    words = [str(each) for each in (closed[-1], prefix, directory / "python")]
    return ["unshare", "--mount", "sh", "-c", _ENTER, "sh", *words]


def _log(directory: Path) -> str:
    text = "".join(
        path.read_text(errors="replace")
        for path in (directory / "stderr", directory / "error.log")
        if path.exists()
    )
    return re.sub(r"(?m)^\[[^\]]*\] ", "", text)[-1500:]
