"""The way of a set: from its own files to a page, with the seconds that each step takes."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reliability.adopting import apache, locking, site
from reliability.adopting.sets import RealSet
from tests.conftest import REPOSITORY
from tests.support.interpreters import interpreters
from tests.support.site import DEBIAN_PYTHON, PYTHON_VERSION, USER

SECONDS = 1800
OFFLINE = ("unshare", "--net")


class Failed(Exception):
    """A step failed; the text is its output."""


@dataclass(kw_only=True)
class Walk:
    """One set on its way. `row` collects the results; `scratch` is a directory for everything."""

    real: RealSet
    scratch: Path
    programs: Path
    row: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def site(self) -> Path:
        """The project."""
        return self.scratch / "adopted"

    @property
    def python(self) -> Path:
        """The Python that the project asks for."""
        if self.real.python == PYTHON_VERSION and Path(DEBIAN_PYTHON).exists():
            return Path(DEBIAN_PYTHON)
        return interpreters()[self.real.python]

    def walk(self, *, with_apache: bool = True) -> dict[str, Any]:
        """Go the whole way. Return the row; its `faults` say where the way ended early."""
        steps = [self._begin, self._adopt, self._rebuild, self._runserver]
        self.row |= {"origin": self.real.origin, "python": self.real.python, "faults": []}
        try:
            for step in (*steps, *([self._apache] if with_apache else [])):
                step()
        except Failed as error:
            self.row["faults"].append(str(error))
        return self.row

    def answers(self) -> list[str]:
        """Return the options of `init`."""
        answers = {
            "name": self.site.name,
            "domain": apache.HOST,
            "server_root": str(self.scratch),
            "deploy_user": USER,
        }
        return ["--yes", *(f"--set={name}={value}" for name, value in answers.items())]

    def adopt(self) -> None:
        """Go as far as `init`, for what else is to happen to the project. Raise Failed."""
        self._begin()
        self._vendor("", "init", *self.answers())

    def _begin(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        site.write_site(self.real, self.site)
        locking.lock(self.real, self.site, self.programs)
        self.environment = {
            "VENDOR_FETCH_CACHE": str(self.scratch / "cache"),
            "UV_CACHE_DIR": str(self.scratch / "uv"),
            "BOOTSTRAP_STORE": str(self.scratch / "store"),
            **site.make_repositories(self.real, self.scratch),
        }

    def _adopt(self) -> None:
        before = tree(self.site)
        words = self.answers()
        self._vendor("init cold", "init", *words)
        self._timed("undo", lambda: self._vendor("", "init", "--undo"))
        if tree(self.site) != before:
            raise Failed("init --undo: the project is not as before")
        printed = self._vendor("init warm", "init", *words)
        lines = printed.splitlines()
        self.row["account"] = next((each for each in lines if " lines: " in each), "")
        self.row["deviations"] = [each for each in lines if " was locked" in each]
        files = list((self.site / "requirements/src").iterdir())
        self.row["files"] = len(files)
        self.row["bytes"] = sum(each.stat().st_size for each in files)
        self.row["tarballs"] = sorted(
            each.name for each in files if each.name.endswith((".tar.gz", ".zip"))
        )

    def _rebuild(self) -> None:
        # The system has this Python first.
        self.environment["PATH"] = f"{self.python.parent}:{os.environ['PATH']}"
        command = ["./bootstrap.py"]
        self._timed("rebuild", lambda: self._run([*OFFLINE, *command]))
        self._timed("rebuild warm", lambda: self._run([*OFFLINE, *command]))
        self._run(["ve/bin/python", "-m", "bootstrapper", "check"])
        self._run(["./manage.py", "check"])
        self._run(["./manage.py", "migrate", "--verbosity", "0"])
        self._run(["./manage.py", "collectstatic", "--noinput", "--verbosity", "0"])

    def _runserver(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = ["./manage.py", "runserver", "--noreload", "--insecure", f"localhost:{port}"]
        with (self.scratch / "runserver.log").open("wb") as log:
            began = time.monotonic()
            server = subprocess.Popen(
                command, cwd=self.site, env=self.variables(), stdout=log, stderr=log
            )
            try:
                for path, expected in (("/", "Adopted: "), ("/static/pages/site.css", site.STYLE)):
                    if expected not in _answer(f"http://localhost:{port}{path}", server):
                        raise Failed(f"runserver: {path}: another page")
                    self.row.setdefault("runserver", round(time.monotonic() - began, 2))
            finally:
                server.terminate()
                server.wait(30)

    def _apache(self) -> None:
        try:
            self.row["apache"] = apache.first_page(
                self.site, self.python, self.scratch, self.programs
            )
        except apache.NotServed as error:
            raise Failed(f"Apache: {error}") from None

    def _vendor(self, step: str, *words: str) -> str:
        command = [sys.executable, "-m", "vendor_fetch", "--project", str(self.site), *words]
        if not step:
            return self._run(command, REPOSITORY)
        return str(self._timed(step, lambda: self._run(command, REPOSITORY)))

    def _timed(self, step: str, action: Callable[[], object]) -> object:
        began = time.monotonic()
        result = action()
        self.row[step] = round(time.monotonic() - began, 1)
        return result

    def _run(self, command: Sequence[str], at: Path | None = None) -> str:
        run = subprocess.run(
            command,
            cwd=at or self.site,
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        if run.returncode:
            shown = " ".join(command[-3:])
            raise Failed(f"{shown}: {(run.stderr.strip() or run.stdout.strip())[-1500:]}")
        return run.stdout

    def variables(self) -> Mapping[str, str]:
        """Return the environment of every step."""
        return {**os.environ, **self.environment}


def tree(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Return the mode and the content of each file, by its path."""
    return {
        str(path.relative_to(directory)): (path.stat().st_mode, path.read_bytes())
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def _answer(address: str, server: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=20) as answer:
                return str(answer.read().decode())
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"runserver: {error}") from None
            time.sleep(0.05)
