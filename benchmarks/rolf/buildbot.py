"""Buildbot, from the registry, with the same steps and its live log on."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Self

from uv import find_uv_bin

from benchmarks.contender import PYTHON
from benchmarks.memory import together
from benchmarks.rolf.events import events
from benchmarks.rolf.lap import Lap
from benchmarks.rolf.ports import free_port

CONFIGURATION = Path(__file__).with_name("peers") / "master.cfg"
PACKAGES = ("buildbot[bundle]",)
MISSING = f"uv pip install {' '.join(PACKAGES)} (it failed)"
PATIENCE = 60.0  # seconds until it must answer


class Buildbot:
    """A master and a worker, entered until they run; `steps` are names and bash code."""

    def __init__(self, place: Path, steps: Sequence[tuple[str, str]]) -> None:
        self._place = place
        self._steps = steps
        self._port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def there(self) -> bool:
        """Whether it could be installed."""
        return (self._place / "ve/bin/buildbot").exists()

    def install(self) -> None:
        """Into an environment of its own, bytecode included."""
        self._place.mkdir(parents=True)
        for words in (
            ["venv", "--python", PYTHON, self._place / "ve"],
            [
                "pip",
                "install",
                "--compile-bytecode",
                "--python",
                self._place / "ve/bin/python",
                *PACKAGES,
            ],
        ):
            subprocess.run([find_uv_bin(), *words, "--quiet"], check=False)

    def __enter__(self) -> Self:
        ve, workers = self._place / "ve/bin", free_port()
        (self._place / "steps.json").write_text(json.dumps(self._steps))
        environment = {
            **os.environ,
            "PATH": f"{ve}:/usr/bin:/bin",
            "WEB_PORT": str(self._port),
            "STEPS": str(self._place / "steps.json"),
            "WORKERS_PORT": str(workers),
        }
        for words in (
            [ve / "buildbot", "create-master", "--quiet", "master"],
            ["cp", CONFIGURATION, "master/master.cfg"],
            [ve / "buildbot", "upgrade-master", "--quiet", "master"],
            [
                ve / "buildbot-worker",
                "create-worker",
                "--quiet",
                "worker",
                f"127.0.0.1:{workers}",
                "worker",
                "secret",
            ],
        ):
            subprocess.run(
                words, cwd=self._place, env=environment, check=True, stdout=subprocess.DEVNULL
            )
        for part in ("master", "worker"):
            tac = "buildbot.tac"
            self._processes.append(
                subprocess.Popen(
                    [
                        ve / "twistd",
                        "--nodaemon",
                        "--no_save",
                        "--pidfile=pid",
                        "--logfile=log",
                        "-y",
                        tac,
                    ],
                    cwd=self._place / part,
                    env=environment,
                    stdout=subprocess.DEVNULL,
                )
            )
            self._wait_for("builders" if part == "master" else "workers/1")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            process.wait()

    @property
    def megabytes(self) -> float:
        """What master and worker take together now."""
        return sum(together(process.pid) for process in self._processes) / 1e6

    def push(self) -> Lap:
        """Force a build as its page does, and watch it by its event stream."""
        with self._listening() as stream:
            begun = time.perf_counter()
            self._ask(
                "POST",
                "forceschedulers/force",
                {"id": 1, "jsonrpc": "2.0", "method": "force", "params": {"builderid": 1}},
            )
            first = 0.0
            for event in events(stream):
                if event.kind != "event":
                    continue
                what, number, happened = json.loads(event.data)["key"][:3]
                if what == "logs" and happened == "append" and not first:
                    # The event tells only that there is more; the page then asks for it.
                    content = self._ask("GET", f"logs/{number}/contents")["logchunks"][0]["content"]
                    if "line" in content:
                        first = time.perf_counter() - begun
                if what == "builds" and happened == "finished":
                    break
            whole = time.perf_counter() - begun
            if self._ask("GET", f"builds/{number}")["builds"][0]["results"] != 0:
                raise RuntimeError("a build of Buildbot's failed")
        return Lap(first=first, whole=whole)

    @contextmanager
    def _listening(self) -> Iterator[object]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        connection.request("GET", "/sse/listen/*/*/*", headers={"Accept": "text/event-stream"})
        yield connection.getresponse()
        connection.close()

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        connection.request(
            method,
            f"/api/v2/{path}",
            json.dumps(body) if body else None,
            {"Content-Type": "application/json"},
        )
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def _wait_for(self, path: str) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                found = self._ask("GET", path)
                if path == "builders" or found["workers"][0]["connected_to"]:
                    return
            except (OSError, ValueError, KeyError, IndexError):
                pass
            time.sleep(0.2)
        raise RuntimeError(f"Buildbot doesn't answer: see {self._place}/master/log")
