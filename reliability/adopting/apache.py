"""Serve an adopted project by Apache, with mod_wsgi for its Python."""

import http.client
import os
import re
import stat
import subprocess
import time
from pathlib import Path

from reliability.adopting import site as site_files
from tests.support.apache import ALIASES, APACHE, ENABLED, MODULES, loopback
from tests.support.site import DEBIAN_PYTHON, USER
from vendor_fetch.index.uv import find_uv

HOST = "adopted.example"
_ENABLED = tuple(each for each in ENABLED if each != "wsgi")
_MAIN = """\
ServerRoot {directory}
PidFile {directory}/apache.pid
ErrorLog {directory}/error.log
ServerName localhost
User {user}
Group {user}
Listen {address}:80
WSGISocketPrefix {directory}/wsgi
TypesConfig /etc/mime.types
Include {aliases}
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
Include {configuration}
"""
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
    directory, address = scratch / "apache", loopback()
    directory.mkdir()
    configuration = directory / "apache.conf"
    modules = [f"LoadModule {each}_module {MODULES}/mod_{each}.so" for each in _ENABLED]
    main = _MAIN.format(
        directory=directory,
        user=USER,
        address=address,
        aliases=ALIASES,
        configuration=site / "apache/production.conf",
    )
    lines = [*modules, f"LoadModule wsgi_module {mod_wsgi(python, programs)}", main]
    configuration.write_text("\n".join(lines), encoding="utf-8")
    subprocess.run(["chown", "-R", USER, site / "data"], check=True)
    command = [APACHE, "-D", "FOREGROUND", "-d", str(directory), "-f", str(configuration)]
    began = time.monotonic()
    with (directory / "output").open("wb") as output:
        server = subprocess.Popen(
            [*_namespace(python, directory), *command], stdout=output, stderr=output
        )
        try:
            status, page = _answer(address, "/", server, directory)
            seconds = round(time.monotonic() - began, 2)
            if status != 200 or "Adopted: " not in page:
                raise NotServed(f"/: {status}: {_log(directory)}")
            status, style = _answer(address, "/static/pages/site.css", server, directory)
            if (status, style) != (200, site_files.STYLE):
                raise NotServed(f"the static file: {status}: {_log(directory)}")
        finally:
            server.terminate()
            server.wait(30)
    return seconds


def mod_wsgi(python: Path, programs: Path) -> Path:
    """Return the module for a Python: Debian's, or one that is built once."""
    if python == Path(DEBIAN_PYTHON):
        return MODULES / "mod_wsgi.so"
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


def _answer(
    address: str, path: str, server: "subprocess.Popen[bytes]", directory: Path
) -> tuple[int, str]:
    deadline = time.monotonic() + 90
    while True:
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            connection.request("GET", path, headers={"Host": HOST})
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise NotServed(_log(directory)) from None
            time.sleep(0.05)
        finally:
            connection.close()


def _log(directory: Path) -> str:
    text = "".join(
        path.read_text(errors="replace")
        for path in (directory / "output", directory / "error.log")
        if path.exists()
    )
    return re.sub(r"(?m)^\[[^\]]*\] ", "", text)[-1500:]
