"""The process that builds one tarball: unpack it, and call its build backend (PEP 517).

It runs the build environment's Python, in its own process group. Its standard output and error
are the log. It writes the answer to a JSON file, which is missing if the backend failed.
"""

import ctypes
import importlib
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootstrapper.errors import BootstrapperError
from bootstrapper.ve.wheel.tarball import build_system_in, unpack

_CLONE_NEWNET = 0x40000000  # linux/sched.h


@dataclass(frozen=True, kw_only=True)
class BuildTask:
    """A tarball to build.

    `name` is its name in messages, `source` the directory to unpack it in, `into` the directory
    of the wheel, and `answer` the file of the answer. `provided` are the requirements that the
    backend asked for in an earlier round, and that the environment now has.
    """

    tarball: str
    name: str
    source: str
    into: str
    answer: str
    provided: list[str]


def serve() -> None:
    """Build the tarball that the first argument describes."""
    task = BuildTask(**json.loads(sys.argv[1]))
    _stay_offline()
    _end_with_the_rebuild()
    try:
        answer = _build(task)
    except BootstrapperError as error:
        answer = {"failed": [error.where, error.fault, error.next_step]}
    Path(task.answer).write_text(json.dumps(answer), encoding="utf-8")


def _build(task: BuildTask) -> dict[str, Any]:
    os.mkdir(task.source)
    directory = unpack(Path(task.tarball), Path(task.source), task.name)
    pyproject = directory / "pyproject.toml"
    system = build_system_in(pyproject.read_bytes() if pyproject.is_file() else None, task.name)
    os.chdir(directory)
    # "… relative to the project root … the directories are added to sys.path" (PEP 517).
    sys.path[:0] = [os.path.realpath(path) for path in system.path]
    sys.argv = ["build"]
    module, _, attribute = system.backend.partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, attribute.split(".")):
        backend = getattr(backend, name)
    asks = getattr(backend, "get_requires_for_build_wheel", None)
    if missing := set(asks(None) if asks else ()).difference(task.provided):
        return {"requires": sorted(missing)}
    os.mkdir(task.into)
    return {"wheel": backend.build_wheel(task.into, None, None)}


def _end_with_the_rebuild() -> None:
    """Kill this process group when the rebuild exits: standard input is a pipe from the rebuild."""
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait() -> None:
        os.read(lifeline, 1)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def _stay_offline() -> None:
    """Refuse network access, because a build that downloads could give another result tomorrow.

    The kernel removes the network if this process may ask for that (root may); in this Python, an
    audit hook refuses connections in any case.
    """
    with suppress(AttributeError):  # not Linux
        ctypes.CDLL(None).unshare(_CLONE_NEWNET)

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        # The address is a tuple for internet sockets, and a path for local ones.
        outward = event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple)
        if outward or event == "socket.getaddrinfo":
            raise OSError("builds have no network: vendor what they need with the project")

    sys.addaudithook(refuse)
