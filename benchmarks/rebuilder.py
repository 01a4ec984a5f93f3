"""The ways to rebuild a ve, each as its users run it."""

import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from benchmarks.contender import PYTHON, Contender
from benchmarks.subject import twin

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
class Rebuilder(Contender):
    """Turns the vendored files of the project in `directory` into `ve`, in the old one's place.

    Before each run `forgets` is removed: what is cold must be so every time. `imports` is a
    module that the ve must have.
    """

    ve: Path
    forgets: Path | None = None
    imports: str = "django"

    def prepare(self) -> None:
        """Forget, and let the disk come to rest."""
        if self.forgets:
            shutil.rmtree(self.forgets, ignore_errors=True)
        super().prepare()

    def run(self) -> None:
        """Rebuild, and wait until the old virtualenv is removed, too."""
        super().run()
        ended = time.monotonic()
        while any(self.directory.glob(".ve.*")):
            if time.monotonic() - ended > PATIENCE_SECONDS:
                sys.exit(f"{self.title}: left something behind in {self.directory}")
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Whether its ve works; -B, so that looking adds no bytecode."""
        with self.started([self.ve / "bin/python", "-B", "-c", f"import {self.imports}"]):
            pass


def ours(project: Path, store: Path, title: str = OURS_WARM, *, cold: bool = False) -> Rebuilder:
    """This project's own way. A cold store knows nothing: neither wheels nor the empty ve."""
    return Rebuilder(
        title=title,
        directory=project,
        ve=project / "ve",
        commands=[[project / "bootstrap.py", "-q"]],
        environment={"BOOTSTRAP_STORE": os.fspath(store)},
        forgets=store if cold else None,
    )


def virtualenv_and_pip(project: Path) -> Rebuilder:
    """Both as vendored. virtualenv's cache is warm; --clear removes the old ve."""
    tools = [
        line.split()[0]
        for line in (project / "requirements/tools.txt").open()
        if line.startswith("requirements/") and "/pip-" not in line
    ]
    # pip is not run from its wheel, as it has no bytecode there.
    path = os.pathsep.join(os.fspath(project / tool) for tool in tools)
    virtualenv = [
        "env",
        f"PYTHONPATH={path}",
        os.fspath(PYTHON),
        "-m",
        "virtualenv",
        "pip-ve",
        "-q",
        "--clear",
        "--no-periodic-update",
        "--no-download",
        "--extra-search-dir",
        "requirements/src",
    ]
    pip = [
        "pip-ve/bin/python",
        "-m",
        "pip",
        "--isolated",
        "install",
        "-q",
        "--no-index",
        "--require-hashes",
        "--no-deps",
        "--disable-pip-version-check",
        "-r",
        "requirements/apps.txt",
    ]
    return Rebuilder(
        title=PIP, directory=project, ve=project / "pip-ve", commands=[virtualenv, pip]
    )


def uv(project: Path, title: str, cache: Path, *options: str, cold: bool = False) -> Rebuilder:
    """From the same lock, so with its hashes and its files; --clear removes the old ve."""
    common: list[str | Path] = ["-q", "--offline", "--no-config", "--cache-dir", cache]
    create = [
        find_uv_bin(),
        "venv",
        *common,
        "--clear",
        "--no-python-downloads",
        "--python",
        PYTHON,
        "uv-ve",
    ]
    install = [
        find_uv_bin(),
        "pip",
        "install",
        *common,
        "--no-index",
        "--require-hashes",
        "--no-deps",
        "--python",
        "uv-ve/bin/python",
        *options,
        "-r",
        "requirements/apps.txt",
    ]
    return Rebuilder(
        title=title,
        directory=project,
        ve=project / "uv-ve",
        commands=[create, install],
        forgets=cache if cold else None,
    )


def limit(project: Path, ve: Path) -> Rebuilder:
    """A hardlink for every file of a ve that is there, and nothing else."""
    return Rebuilder(
        title=LIMIT,
        directory=project,
        ve=project / "cp-ve",
        commands=[["sh", "-c", 'rm -rf cp-ve && cp -al "$0" cp-ve', ve]],
    )


def everyone(project: Path, scratch: Path) -> list[Rebuilder]:
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
        uv(
            own("uv-warm-bytecode"),
            UV_WARM_BYTECODE,
            scratch / "uv-warm-bytecode-cache",
            "--compile-bytecode",
        ),
        uv(own("uv-cold"), UV_COLD, scratch / "uv-cold-cache", cold=True),
        uv(
            own("uv-cold-bytecode"),
            UV_COLD_BYTECODE,
            scratch / "uv-cold-bytecode-cache",
            "--compile-bytecode",
            cold=True,
        ),
        limit(own("limit"), warm / "ve"),
    ]
