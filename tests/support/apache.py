"""A real Apache with mod_wsgi, for as long as a test needs it."""

import gzip
import http.client
import os
import random
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import ENDS_WITH_US

APACHE = "/usr/sbin/apache2"
MODULES = Path("/usr/lib/apache2/modules")
MOD_WSGI = MODULES / "mod_wsgi.so"
# What Debian's server gives to every site of it.
ALIASES = Path("/etc/apache2/mods-available/alias.conf")

# What Debian enables by default, and the four that a project's README asks for.
ENABLED = [
    *("mpm_event", "authz_core", "authz_host", "alias", "dir", "mime", "filter", "setenvif"),
    *("wsgi", "headers", "expires", "deflate"),
]
# What the README adds where Apache itself ends TLS; Debian enables the last with ssl.
TLS = ["ssl", "proxy", "proxy_http", "socache_shmcb"]
BARE = ["mpm_event", "authz_core", "alias", "wsgi"]

MAIN = """
ServerRoot {directory}
PidFile {directory}/apache.pid
ErrorLog {directory}/error.log
LogLevel info
ServerName localhost
User www-data
Group www-data
Listen {address}:80
{listen_too}
<IfModule wsgi_module>
    WSGISocketPrefix {directory}/wsgi
</IfModule>
<IfModule ldap_module>
    LDAPCacheTTL 1
</IfModule>
TypesConfig /etc/mime.types
Include {aliases}
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back for one request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        """The body as text, unpacked if it came packed."""
        packed = self.headers["Content-Encoding"] == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()


@dataclass(frozen=True, kw_only=True)
class Apache:
    """A running Apache: where it listens, what it logs."""

    address: str
    log: Path
    pid: int

    def get(
        self,
        path: str,
        *,
        host: str,
        timeout: float = 20,
        tls: ssl.SSLContext | None = None,
        **headers: str,
    ) -> Answer:
        """Ask for a path as written, nothing normalised; by https where `tls` says how."""
        return self.ask("GET", path, host=host, timeout=timeout, tls=tls, **headers)

    def ask(
        self,
        method: str,
        path: str,
        *,
        host: str,
        body: str | None = None,
        timeout: float = 20,
        tls: ssl.SSLContext | None = None,
        **headers: str,
    ) -> Answer:
        """Send one request and return the answer."""
        started = time.monotonic()
        connection = http.client.HTTPConnection(self.address, timeout=timeout)
        try:
            if tls:
                plain = socket.create_connection((self.address, 443), timeout)
                connection.sock = tls.wrap_socket(plain, server_hostname=host)
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Host": host, **sent})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return Answer(
            status=response.status,
            headers=response.headers,
            body=content,
            seconds=time.monotonic() - started,
        )


def main_configuration(
    directory: Path, address: str, sites: list[Path], modules: list[str], wsgi: Path = MOD_WSGI
) -> str:
    """Return the small main configuration around the sites' own, which are included as they are."""
    main = MAIN.format(
        directory=directory,
        address=address,
        aliases=ALIASES,
        listen_too=f"Listen {address}:443" if "ssl" in modules else "",
    )
    if "mime" not in modules:
        main = main.replace("TypesConfig /etc/mime.types\n", "")
    files = {module: MODULES / f"mod_{module}.so" for module in modules}
    if "wsgi" in files:
        files["wsgi"] = wsgi
    load = [f"LoadModule {module}_module {file}" for module, file in files.items()]
    include = [f"Include {site}" for site in sites]
    return "\n".join([*load, main, *include, ""])


def check(directory: Path, sites: list[Path], modules: list[str] = ENABLED) -> str:
    """Return what `apache2 -t` says of the sites' configurations; "Syntax OK" alone is good."""
    configuration = directory / "check.conf"
    configuration.write_text(main_configuration(directory, "127.0.0.1", sites, modules))
    # Debian's compiled-in names are left out: the absolute paths are all there is.
    command = [APACHE, "-t", "-d", str(directory), "-f", str(configuration)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return (run.stdout + run.stderr).strip()


def members(group: int) -> list[int]:
    """Return the processes of a process group that are not yet gone."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # proc(5): after the command in brackets come state, parent, process group.
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


def loopback() -> str:
    """Return a loopback address that nobody else is likely to have."""
    return f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(2, 254)}"


def install(site: Path, directory: Path, number: int = 0) -> Path:
    """Copy a site's configuration for root, as the README says; returns the copy.

    Apache reads it as root, so the site's user must not be able to change it.
    """
    copy = directory / "sites" / f"{number}-{site.name}"
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(site.read_bytes())
    copy.chmod(0o644)
    return copy


@contextmanager
def serve(
    directory: Path,
    *sites: Path,
    modules: list[str] = ENABLED,
    address: str = "",
    wsgi: Path = MOD_WSGI,
    prefix: Sequence[str] = (),
) -> Iterator[Apache]:
    """Run Apache with the sites' configurations, and leave no process behind.

    The sites say *:80, so it listens on that port of a loopback address of its own. `wsgi` is the
    module of another Python than Debian's; `prefix` is a command to start Apache under.
    """
    address = address or loopback()
    configuration = directory / "apache.conf"
    copies = [install(site, directory, number) for number, site in enumerate(sites)]
    configuration.write_text(main_configuration(directory, address, copies, modules, wsgi))
    log = directory / "error.log"
    with (directory / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [
                *ENDS_WITH_US,
                *prefix,
                APACHE,
                "-D",
                "FOREGROUND",
                "-d",
                str(directory),
                "-f",
                str(configuration),
            ],
            stderr=stderr,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            start_new_session=True,
        )
    apache = Apache(address=address, log=log, pid=process.pid)
    try:
        wait_until_it_listens(apache, process)
        yield apache
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
        left = members(process.pid)
        if left:
            os.killpg(process.pid, signal.SIGKILL)
    assert not left, f"Apache left processes behind: {left}"


def wait_until_it_listens(apache: Apache, process: "subprocess.Popen[bytes]") -> None:
    """Return when Apache takes connections; fail with its own words if it ends first."""
    for _ in range(200):
        if process.poll() is not None:
            words = (apache.log.parent / "stderr").read_text()
            log = apache.log.read_text() if apache.log.exists() else ""
            raise AssertionError(f"Apache did not start: {words}{log}")
        try:
            apache.get("/robots.txt", host="probe.invalid")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"Apache does not listen at {apache.address}:80")


def processes(group: str) -> set[str]:
    """The processes of a site that have loaded it, as daemon.py shows them."""
    shown = Path("/proc/net/unix").read_text()
    return set(re.findall(rf" @{group}/(\d+)/loaded$", shown, re.MULTILINE))


def both_processes(group: str) -> set[str]:
    """The two processes of a site, once both have loaded it: each does so by itself."""
    deadline = time.monotonic() + 60
    while len(found := processes(group)) != 2:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found
