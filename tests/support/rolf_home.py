"""A Rolf on a server, laid out as its own pushes leave it, and ./manage.py rolf running there."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import ENDS_WITH_US, kill_session

PATIENCE = 60.0  # seconds that something may take, however busy the machine is
DATABASE = "data/db.sqlite3"
# Django is loaded once; what each piece of code does ends with its process.
SHELL = """
import json, os, sys, traceback
from django.db import connections
for line in sys.stdin:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writing, 1)
        try:
            exec(json.loads(line), {"__name__": "__main__"})
            connections.close_all()
        except BaseException:
            traceback.print_exc(file=sys.stdout)
            sys.stdout.flush()
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)
    os.close(writing)
    with open(reading) as stream:
        printed = stream.read()
    status = os.waitpid(child, 0)[1]
    print(json.dumps([status, printed]), flush=True)
"""
_shells: "dict[Path, subprocess.Popen[str]]" = {}


@dataclass
class Home:
    """A place on a server: releases, what `current` names, and the data that they share."""

    directory: Path

    @classmethod
    def laid_out(cls, directory: Path, project: Path) -> "Home":
        """One with a first release, which is current."""
        home = cls(directory)
        (directory / "shared/data").mkdir(parents=True)
        home.release("first", project)
        home.switch("first")
        return home

    @property
    def current(self) -> Path:
        return self.directory / "current"

    def release(self, name: str, of: Path) -> Path:
        """Put a copy of Rolf there, as a push would; its files are the original's own."""
        release = self.directory / "releases" / name
        release.mkdir(parents=True)
        own = {"data", "media", "static", ".env"}  # of that copy alone
        subprocess.run(
            [
                "cp",
                "-a",
                "--link",
                *(path for path in of.iterdir() if path.name not in own),
                release,
            ],
            check=True,
        )
        (release / "data").symlink_to("../../shared/data")
        return release

    def switch(self, name: str) -> None:
        """Have `current` name a release, in one rename."""
        beside = self.directory / "next"
        beside.symlink_to(f"releases/{name}")
        beside.rename(self.current)

    def fill(self, database: Path) -> None:
        """Give it the content of a database that nobody has open."""
        shutil.copy(database, self.current / DATABASE)

    def shell(self, code: str) -> str:
        """Run Python in the Rolf that is current; returns what it prints.

        A `manage.py shell` stays until `close_shells`: starting Django takes longer than the code.
        """
        release = self.current.resolve()
        if release not in _shells:
            _shells[release] = subprocess.Popen(
                ["./manage.py", "shell", "-v0", "-c", SHELL],
                cwd=release,
                env=environment(),
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        process = _shells[release]
        assert process.stdin and process.stdout
        print(json.dumps(code), file=process.stdin, flush=True)
        status, printed = json.loads(process.stdout.readline())
        assert status == 0, printed
        return str(printed).strip()

    def manage(self, *words: str) -> str:
        """Run a command of manage.py there, which must end well; returns what it says."""
        run = subprocess.run(
            ["./manage.py", *words],
            cwd=self.current,
            env=environment(),
            text=True,
            capture_output=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()


@dataclass
class Running:
    """A Rolf that runs: the process that was started leads a session of its own."""

    process: "subprocess.Popen[str]"
    address: str
    output: Path

    @property
    def printed(self) -> str:
        return self.output.read_text()

    @property
    def reported(self) -> dict[str, str]:
        """What stands at its start: address, data, and at the first login and password."""
        words = [line.split(None, 1) for line in self.printed.splitlines()]
        return {pair[0]: pair[1].partition("  ")[0] for pair in words if len(pair) == 2}

    @property
    def children(self) -> list[int]:
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(word) for word in task.read_text().split()]

    @property
    def web(self) -> int:
        """The child that listens: the worker has let go of the socket."""
        port = self.address.rstrip("/").rpartition(":")[2]
        [found] = [pid for pid in self.children if _listens(pid, int(port))]
        return found

    @property
    def worker(self) -> int:
        [found] = set(self.children) - {self.web}
        return found

    @property
    def memory(self) -> float:
        """In MB, with what the three processes share counted once."""
        rollups = [
            Path(f"/proc/{pid}/smaps_rollup").read_text()
            for pid in (self.process.pid, *self.children)
        ]
        return sum(int(re.findall(r"^Pss:\s+(\d+)", text, re.M)[0]) for text in rollups) / 1024

    def get(self, path: str = "readyz") -> int:
        """The status of an answer; 0 for none."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0


def close_shells() -> None:
    """End those that `Home.shell` started."""
    for process in _shells.values():
        with process:
            assert process.stdin
            process.stdin.close()
    _shells.clear()


def environment() -> dict[str, str]:
    """Return the environment of a user who starts Rolf: nothing of the tests."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


@contextmanager
def running(home: Home, *arguments: str, files: int = 0) -> Iterator[Running]:
    """Run `manage.py rolf` until the `with` is left, and leave nothing behind.

    `files` is its limit of open files, soft and hard; 0 leaves that of the tests.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    output = home.directory / f"output-{port}"
    with output.open("w") as file:
        process = subprocess.Popen(
            [
                *ENDS_WITH_US,
                *(["prlimit", f"--nofile={files}:{files}"] if files else []),
                "./manage.py",
                "rolf",
                "--port",
                str(port),
                *arguments,
            ],
            cwd=home.current,
            env={**environment(), "PWD": str(home.current)},
            start_new_session=True,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    rolf = Running(process, f"http://127.0.0.1:{port}/", output)
    try:
        assert until(lambda: rolf.get() == 200 or process.poll() is not None), rolf.printed
        assert process.poll() is None, rolf.printed
        yield rolf
    finally:
        kill_session(process.pid)
        process.wait()


def until(true: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Wait for something to be true."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _listens(pid: int, port: int) -> bool:
    listening = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    links = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(os.readlink(link))
        except OSError:
            continue
    return any(f"socket:[{inode}]" in links for inode in listening)
