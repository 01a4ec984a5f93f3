"""The ways to rebuild a ve, each as its users run it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from uv import find_uv_bin

from benchmarks.subject import twin

# Ours starts with `env python3`; a wrapper of a version switcher there would be measured as well.
PYTHON = Path(sys.base_prefix).resolve() / "bin/python3"
POLL_SECONDS = 0.002
PATIENCE_SECONDS = 60

OURS_WARM = "bootstrap.py, warm store"
OURS_COLD = "bootstrap.py, cold store"
PIP = "virtualenv + pip"
UV_WARM = "uv, warm cache"
UV_WARM_BYTECODE = "uv, warm cache, bytecode"
UV_COLD = "uv, cold cache"
UV_COLD_BYTECODE = "uv, cold cache, bytecode"
LIMIT = "cp -al of the finished ve"


@dataclass(frozen=True, kw_only=True)
class Contender:
    """Commands that turn the vendored files of `project` into `ve`, in the old one's place.

    Before each run `forgets` is removed: what is cold must be so every time. `environment` is
    all that the commands get beside the few variables that every program needs. `imports` is a
    module that the ve must have.
    """

    title: str
    project: Path
    ve: Path
    commands: Sequence[Sequence[str | Path]]
    environment: Mapping[str, str] = field(default_factory=dict)
    forgets: Path | None = None
    imports: str = "django"

    def prepare(self) -> None:
        """Forget, and let the disk come to rest: nobody pays for what another one wrote."""
        if self.forgets:
            shutil.rmtree(self.forgets, ignore_errors=True)
        os.sync()

    def rebuild(self) -> None:
        """Run it. It is over when the old ve is gone, too, whoever removes it."""
        for words in self.commands:
            with self.started(words):
                pass
        ended = time.monotonic()
        while any(self.project.glob(".ve.*")):
            if time.monotonic() - ended > PATIENCE_SECONDS:
                sys.exit(f"{self.title}: left something behind in {self.project}")
            time.sleep(POLL_SECONDS)

    @contextmanager
    def started(self, words: Sequence[str | Path]) -> Iterator["subprocess.Popen[str]"]:
        """One of its commands, running; its end is waited for, and its failure ends it all."""
        environment = {"PATH": f"{PYTHON.parent}:/usr/bin:/bin", "LANG": "C.UTF-8",
                       "HOME": os.fspath(self.project.parent), **self.environment}
        process = subprocess.Popen(words, cwd=self.project, env=environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        yield process
        said, _ = process.communicate()
        if process.returncode:
            sys.exit(f"{self.title}: {words[0]} ended with {process.returncode}:\n{said}")

    def check(self) -> None:
        """Whether its ve works; -B, so that looking adds no bytecode."""
        with self.started([self.ve / "bin/python", "-B", "-c", f"import {self.imports}"]):
            pass


def ours(project: Path, store: Path, title: str = OURS_WARM, *, cold: bool = False) -> Contender:
    """This project's own way. A cold store knows nothing: neither wheels nor the empty ve."""
    return Contender(title=title, project=project, ve=project / "ve",
                     commands=[[project / "bootstrap.py", "-q"]],
                     environment={"BOOTSTRAP_STORE": os.fspath(store)},
                     forgets=store if cold else None)


def virtualenv_and_pip(project: Path) -> Contender:
    """Both as vendored. virtualenv's cache is warm; --clear removes the old ve."""
    tools = [line.split()[0] for line in (project / "requirements/tools.txt").open()
             if line.startswith("requirements/") and "/pip-" not in line]
    # pip is not run from its wheel, as it has no bytecode there.
    path = os.pathsep.join(os.fspath(project / tool) for tool in tools)
    virtualenv = ["env", f"PYTHONPATH={path}", os.fspath(PYTHON), "-m", "virtualenv", "pip-ve",
                  "-q", "--clear", "--no-periodic-update", "--no-download",
                  "--extra-search-dir", "requirements/src"]
    pip = ["pip-ve/bin/python", "-m", "pip", "--isolated", "install", "-q", "--no-index",
           "--require-hashes", "--no-deps", "--disable-pip-version-check",
           "-r", "requirements/apps.txt"]
    return Contender(title=PIP, project=project, ve=project / "pip-ve",
                     commands=[virtualenv, pip])


def uv(project: Path, title: str, cache: Path, *options: str, cold: bool = False) -> Contender:
    """From the same lock, so with its hashes and its files; --clear removes the old ve."""
    common: list[str | Path] = ["-q", "--offline", "--no-config", "--cache-dir", cache]
    create = [find_uv_bin(), "venv", *common, "--clear", "--no-python-downloads",
              "--python", PYTHON, "uv-ve"]
    install = [find_uv_bin(), "pip", "install", *common, "--no-index", "--require-hashes",
               "--no-deps", "--python", "uv-ve/bin/python", *options,
               "-r", "requirements/apps.txt"]
    return Contender(title=title, project=project, ve=project / "uv-ve",
                     commands=[create, install], forgets=cache if cold else None)


def limit(project: Path, ve: Path) -> Contender:
    """A hardlink for every file of a ve that is there, and nothing else."""
    return Contender(title=LIMIT, project=project, ve=project / "cp-ve",
                     commands=[["sh", "-c", 'rm -rf cp-ve && cp -al "$0" cp-ve', ve]])


def everyone(project: Path, scratch: Path) -> list[Contender]:
    """All of them, each in a project of its own with the vendored files of `project`."""
    def own(name: str) -> Path:
        """So that no one meets another's ve."""
        return twin(project, scratch / name)

    warm = own("ours-warm")
    return [
        ours(warm, scratch / "store-warm"),
        ours(own("ours-cold"), scratch / "store-cold", OURS_COLD, cold=True),
        virtualenv_and_pip(own("pip")),
        uv(own("uv-warm"), UV_WARM, scratch / "uv-warm-cache"),
        uv(own("uv-warm-bytecode"), UV_WARM_BYTECODE, scratch / "uv-warm-bytecode-cache",
           "--compile-bytecode"),
        uv(own("uv-cold"), UV_COLD, scratch / "uv-cold-cache", cold=True),
        uv(own("uv-cold-bytecode"), UV_COLD_BYTECODE, scratch / "uv-cold-bytecode-cache",
           "--compile-bytecode", cold=True),
        limit(own("limit"), warm / "ve"),
    ]
