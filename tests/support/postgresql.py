"""A PostgreSQL of its own for a test: a cluster in a temporary directory, on a free port."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.support.processes import children, run_as

# Debian keeps these out of PATH, because several versions can be installed.
PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/bin"))
INITDB = str(PROGRAMS / "initdb")
# The server refuses to run as root.
USER = "postgres" if os.getuid() == 0 else ""
ROLE = "rolf"
PATIENCE = 60.0  # seconds for a start, which may have to recover from a kill
SETTINGS = {
    "max_connections": 200,
    "shared_preload_libraries": "pg_stat_statements",
    "log_line_prefix": "%m [%p] ",
}
# A test whose server is never killed needs nothing on the disk.
VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class PostgreSQL:
    """A cluster that this process starts, stops and kills.

    It listens at `address` and at the addresses of `more`. The role `rolf` is its superuser and
    needs no password.
    """

    directory: Path
    address: str
    port: int
    more: Sequence[str] = ()
    durable: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def url(self, database: str = "postgres", address: str = "") -> str:
        """Return the address of a database, as DATABASE_URL has it."""
        return f"postgres://{ROLE}:none@{address or self.address}:{self.port}/{database}"

    @property
    def log(self) -> str:
        """What the server has logged."""
        return (self.directory / "log").read_text(errors="replace")

    def initialize(self) -> None:
        """Create the cluster."""
        self._run(
            INITDB,
            "--auth=trust",
            f"--username={ROLE}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "-D",
            self.directory / "data",
        )
        with (self.directory / "data/pg_hba.conf").open("a") as file:
            file.writelines(f"host all all {address}/16 trust\n" for address in self.more)

    def start(self) -> None:
        """Start the server, and return when it answers."""
        settings = {**SETTINGS, **({} if self.durable else VOLATILE)}
        addresses = ",".join([self.address, *self.more])
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for the clients.
                    *run_as(USER, pdeathsig="INT"),
                    PROGRAMS / "postgres",
                    *("-D", self.directory / "data", "-h", addresses, "-p", str(self.port)),
                    *("-k", self.directory),
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                cwd="/",
                env={**os.environ, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"PostgreSQL did not start: {self.log[-3000:]}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Return whether the server accepts connections."""
        ready = [str(PROGRAMS / "pg_isready"), "-q", "-h", self.address, "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def stop(self) -> None:
        """End the server; clients lose their connections."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End each process of the server by SIGKILL, as a power failure of its machine would."""
        assert self.process
        processes = [self.process.pid, *children(self.process.pid)]
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        end = time.monotonic() + PATIENCE
        while any(Path(f"/proc/{pid}").exists() for pid in processes) and time.monotonic() < end:
            time.sleep(0.01)

    def create(self, database: str = "") -> str:
        """Create a database, and return its name."""
        database = database or f"test_{secrets.token_hex(6)}"
        self.sql(f'CREATE DATABASE "{database}"')
        return database

    def sql(self, text: str, database: str = "postgres") -> str:
        """Run SQL, and return its rows as lines, with | between columns."""
        return subprocess.run(
            [
                *(PROGRAMS / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text),
                *("-h", self.address, "-p", str(self.port), "-U", ROLE, database),
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        ).stdout.strip()

    def _run(self, *words: "str | Path") -> None:
        run = subprocess.run(
            [*run_as(USER), *words], cwd="/", check=False, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr


@contextmanager
def postgresql(
    *,
    durable: bool = False,
    address: str = "127.0.0.1",
    more: Sequence[str] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[PostgreSQL]:
    """Run a cluster until the `with` is left, and remove it.

    Its environment has the `variables`. A `durable` one survives `kill`. The path is short, because
    it has a Unix socket.
    """
    directory = Path(tempfile.mkdtemp(prefix="pg"))
    if USER:
        shutil.chown(directory, USER)
    with socket.create_server((address, 0)) as probe:
        port = probe.getsockname()[1]
    server = PostgreSQL(directory, address, port, more, durable, variables)
    try:
        server.initialize()
        server.start()
        yield server
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        shutil.rmtree(directory)
