"""Rolf on several machines: PostgreSQL, web servers, and workers on machines of their own."""

import base64
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from reliability.client import Client
from reliability.size import Size
from tests.support.namespaces import Machine, Program, machines
from tests.support.postgresql import PostgreSQL, postgresql
from tests.support.processes import ENDS_WITH_US, children, kill_session
from tests.support.redis import Redis, redis
from tests.support.rolf_home import Home, environment

IN_ROLF = Path(__file__).with_name("in_rolf.py")
DATABASE = "rolf"
NONE: Mapping[str, str] = MappingProxyType({})
PATIENCE = 90.0  # seconds for a start


@dataclass
class Worker:
    """A worker on a machine. After a kill, `start` runs another one in its place."""

    installation: "Installation"
    machine: Machine
    name: str
    clock: int = 0
    program: Program | None = None

    def start(self) -> None:
        """Run `manage.py worker`, whose clock is `clock` seconds ahead."""
        home = self.installation.home
        self.program = self.machine.start(
            ["./manage.py", "worker", "--slots", str(self.installation.size.slots)],
            cwd=home.current,
            env=self.installation.environment(self.machine, clock=self.clock),
            log=self.installation.logs / f"{self.name}.log",
        )

    def kill(self) -> None:
        """End the worker's process alone by SIGKILL."""
        assert self.program
        self.program.kill()

    @property
    def inner_pid(self) -> int:
        """Its process id on its machine."""
        assert self.program
        status = Path(f"/proc/{self.program.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("NSpid:")]
        return int(line.split()[-1])


@dataclass
class Web:
    """A web server on this machine: `manage.py rolf`, whose own worker has no slot for pushes."""

    installation: "Installation"
    port: int
    clock: int = 0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        with (self.installation.logs / f"web-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*ENDS_WITH_US, "./manage.py", "rolf", "--slots", "0", "--port", str(self.port)],
                cwd=self.installation.home.current,
                env=self.installation.environment(None, clock=self.clock),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End the process that serves pages by SIGKILL. Rolf's first process starts another."""
        assert self.process
        for pid in children(self.process.pid):
            if _listens(pid, self.port):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """End it with all of its processes."""
        assert self.process
        kill_session(self.process.pid)
        self.process.wait()


@dataclass
class Installation:
    """All of it. `target` is the directory that stands for the targets of all deployments."""

    size: Size
    home: Home
    directory: Path
    postgresql: PostgreSQL
    redis: Redis | None
    machines: Sequence[Machine]
    variables: Mapping[str, str]
    workers: list[Worker] = field(default_factory=list)
    webs: list[Web] = field(default_factory=list)
    token: str = ""
    deployments: list[int] = field(default_factory=list)
    wrong_clock: Path = Path()  # the library
    clock: int = 0  # seconds that everything is ahead which has no clock of its own
    lease: float = 0.0  # seconds without a heartbeat, after which others take over

    @property
    def target(self) -> Path:
        return self.directory / "target"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    def environment(self, machine: Machine | None, clock: int = 0) -> dict[str, str]:
        """Return the environment of a process on a machine, or on this one."""
        address = machine.gateway if machine else ""
        work = self.directory / "work" / (machine.name if machine else "here")
        return {
            **environment(),
            **self.variables,
            "PWD": str(self.home.current),
            "DATABASE_URL": self.postgresql.url(DATABASE, address),
            **({"ROLF_QUEUE_URL": self.redis.url(address)} if self.redis else {}),
            "ROLF_WORK_DIRECTORY": str(work),
            **_wrong(self.wrong_clock, clock or self.clock),
        }

    def manage(self, *words: str) -> str:
        """Run a command of manage.py, and return its output."""
        run = subprocess.run(
            ["./manage.py", *words],
            cwd=self.home.current,
            env=self.environment(None),
            check=False,
            text=True,
            capture_output=True,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def free_slots(self, running: int) -> int:
        """Return how many pushes the living workers could begin while that many run."""
        living = sum(
            worker.program is not None and not worker.program.ended for worker in self.workers
        )
        return living * self.size.slots - running

    def client(self) -> Client:
        """Return a client of the API that asks a random web server."""
        return Client([web.address for web in self.webs], self.token)

    def clients_wait(self, seconds: float = PATIENCE) -> None:
        """Wait until each web server answers."""
        end = time.monotonic() + seconds
        for web in self.webs:
            while not Client([web.address], self.token).answers():
                assert time.monotonic() < end, _tail(self.logs / f"web-{web.port}.log")
                time.sleep(0.1)

    def fill(self) -> None:
        """Create the deployments."""
        size = self.size
        numbers = (size.deployments, size.stages, size.lines, size.seconds, int(size.silent))
        run = subprocess.run(
            ["ve/bin/python", IN_ROLF, self.target, *map(str, numbers)],
            cwd=self.home.current,
            env=self.environment(None),
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        )
        found = json.loads(run.stdout)
        self.token, self.deployments = found["token"], found["deployments"]
        self.lease = found["lease"]


@contextmanager
def installation(
    project: Path,
    directory: Path,
    size: Size,
    *,
    queue: str = "postgresql",
    clocks: Sequence[int] = (),
    web_clock: int = 0,
    clock: int = 0,
    variables: Mapping[str, str] = NONE,
    durable: bool = True,
) -> Iterator[Installation]:
    """Run an installation of a vendored and built Rolf until the `with` is left.

    `clocks` are the seconds that the clocks of the workers are ahead, in order; `clock` is that of
    everything else, PostgreSQL included. `variables` are added to each environment. The
    `queue` is "postgresql" or "redis".
    """
    names = [f"machine-{number}" for number in range(1, size.machines + 1)]
    with ExitStack() as stack:
        running = stack.enter_context(machines(*names))
        gateways = [machine.gateway for machine in running]
        clocks_directory = Path(tempfile.mkdtemp(prefix="clock"))
        clocks_directory.chmod(0o755)
        stack.callback(shutil.rmtree, clocks_directory)
        library = _compile(clocks_directory)
        database = stack.enter_context(
            postgresql(
                durable=durable, more=gateways, variables={**variables, **_wrong(library, clock)}
            )
        )
        broker = (
            stack.enter_context(redis(durable=durable, more=gateways)) if queue == "redis" else None
        )
        database.create(DATABASE)
        for name in ("target", "logs", "work"):
            (directory / name).mkdir(parents=True)
        one = Installation(
            size=size,
            home=Home.laid_out(directory / "server", project),
            directory=directory,
            postgresql=database,
            redis=broker,
            machines=running,
            wrong_clock=library,
            clock=clock,
            variables={
                **variables,
                "DJANGO_SETTINGS_MODULE": "rolf.settings.embedded",
                "SECRET_KEY": secrets.token_urlsafe(50),
                "ROLF_SEAL_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            },
        )
        one.manage("migrate", "-v0")
        one.fill()
        one.webs = [Web(one, port, web_clock) for port in _free_ports(size.webs)]
        for web in one.webs:
            web.start()
            stack.callback(web.stop)
        one.clients_wait()
        for machine in running:
            for number in range(1, size.workers + 1):
                clock = clocks[len(one.workers) % len(clocks)] if clocks else 0
                one.workers.append(Worker(one, machine, f"{machine.name}-worker-{number}", clock))
        for worker in one.workers:
            worker.start()
        yield one


def _wrong(library: Path, clock: int) -> dict[str, str]:
    """Return the environment of a process whose clock is that many seconds ahead."""
    return {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(clock)} if clock else {}


def _compile(directory: Path) -> Path:
    """Compile the library of wrong clocks, and return it. PostgreSQL's user can read it."""
    library = directory / "wrong_clock.so"
    source = Path(__file__).with_name("wrong_clock.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
    return library


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


def _listens(pid: int, port: int) -> bool:
    """Return whether a process has the socket that listens on a port of this machine."""
    inodes = {
        f"socket:[{line.split()[9]}]"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if os.readlink(link) in inodes:
                return True
        except OSError:
            continue
    return False
