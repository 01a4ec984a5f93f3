"""A Redis of its own for a test, on a free port."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import ENDS_WITH_US

REDIS = "redis-server"
PATIENCE = 30.0  # seconds


@dataclass
class Redis:
    """A server that this process starts, stops and kills.

    A `durable` one has an append-only file, which it writes each second.
    """

    directory: Path
    address: str
    port: int
    more: Sequence[str] = ()
    durable: bool = False
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def url(self, address: str = "") -> str:
        """Return its address."""
        return f"redis://{address or self.address}:{self.port}/0"

    def start(self) -> None:
        """Start the server, and return when it answers."""
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *ENDS_WITH_US,
                    *(REDIS, "--port", str(self.port), "--bind", self.address, *self.more),
                    *("--dir", self.directory, "--save", "", "--protected-mode", "no"),
                    *("--appendonly", "yes" if self.durable else "no"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"Redis did not start: {(self.directory / 'log').read_text()}")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Return whether the server answers; it does not while it loads its file."""
        try:
            return self.command("PING") == "+PONG"
        except OSError:
            return False

    def command(self, *words: str) -> str:
        """Send a command, and return the first line of the answer (protocol RESP)."""
        parts = [f"*{len(words)}", *(part for word in words for part in (f"${len(word)}", word))]
        with socket.create_connection((self.address, self.port), timeout=PATIENCE) as connection:
            connection.sendall("".join(f"{part}\r\n" for part in parts).encode())
            with connection.makefile("rb") as stream:
                return stream.readline().decode().strip()

    def kill(self) -> None:
        """End the server by SIGKILL."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End the server."""
        assert self.process
        self.process.terminate()
        self.process.wait(PATIENCE)


@contextmanager
def redis(
    *, durable: bool = False, address: str = "127.0.0.1", more: Sequence[str] = ()
) -> Iterator[Redis]:
    """Run a server until the `with` is left, and remove its files."""
    directory = Path(tempfile.mkdtemp(prefix="redis"))
    with socket.create_server((address, 0)) as probe:
        port = probe.getsockname()[1]
    server = Redis(directory, address, port, more, durable)
    try:
        server.start()
        yield server
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        shutil.rmtree(directory)
