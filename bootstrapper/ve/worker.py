"""A process that unpacks wheels: one task a line on standard input, one answer a line back.

It is the interpreter that the ve is made of, whatever Python runs the rebuild, because bytecode
must be its own. When its parent dies it ends at the next line, and what it still writes goes to
a directory that nobody uses again.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bootstrapper.errors import BootstrapperError, WorkFailed
from bootstrapper.ve.layout import Layout
from bootstrapper.ve.unpacking import Unpacking
from bootstrapper.ve.wheel import WheelFile

# -P keeps the current directory off sys.path, -S leaves site-packages out: nothing but the
# standard library and our own code, wherever that lies (a directory, or our wheel).
_MAIN = """
import sys
sys.path.insert(0, sys.argv[1])
from bootstrapper.ve.worker import serve
serve()
"""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A wheel to unpack: see Unpacking. `name` is what messages call it."""

    wheel: str
    name: str
    place: str
    site: str
    version: tuple[int, int]


def run(tasks: Sequence[Task], executable: Path, *, jobs: int,
        done: Callable[[Task], None]) -> None:
    """Do all tasks in at most `jobs` processes of `executable`; calls `done` after each.

    Raises the first error that a task meets, as WorkFailed or OSError; no process outlives the
    call.
    """
    waiting = deque(tasks)
    errors: list[Exception] = []
    workers = [_start(executable) for _ in range(min(jobs, len(tasks)))]
    threads = [threading.Thread(target=_feed, args=(worker, waiting, errors, done))
               for worker in workers]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        waiting.clear()
        for worker in workers:
            worker.kill()
        raise
    finally:
        for thread, worker in zip(threads, workers, strict=True):
            if thread.ident:
                thread.join()
            worker.communicate()
    if errors:
        raise errors[0]


def _start(executable: Path) -> "subprocess.Popen[str]":
    code = Path(__file__).parents[2]
    return subprocess.Popen(
        [executable, "-E", "-P", "-S", "-s", "-B", "-c", _MAIN, code], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def _feed(worker: "subprocess.Popen[str]", waiting: deque[Task], errors: list[Exception],
          done: Callable[[Task], None]) -> None:
    assert worker.stdin and worker.stdout
    while not errors:
        try:
            task = waiting.popleft()
        except IndexError:
            return
        try:
            worker.stdin.write(json.dumps(asdict(task)) + "\n")
            worker.stdin.flush()
            answer = worker.stdout.readline()
        except OSError:
            answer = ""
        if error := _error_in(answer, task):
            errors.append(error)
            return
        done(task)


def _error_in(answer: str, task: Task) -> Exception | None:
    if not answer:
        return WorkFailed(task.name, "the process that unpacked it was ended from outside",
                          "see whether memory ran out (dmesg), then: ./bootstrap.py")
    match json.loads(answer):
        case {"failed": [where, fault, next_step]}:
            return WorkFailed(where, fault, next_step)
        case {"errno": number, "text": text, "path": path}:
            return OSError(number, text, path)
        case _:
            return None


def serve() -> None:
    """Answer tasks until standard input ends. Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o022)  # entries are for every ve of the user's, whatever the umask today
    for line in sys.stdin:
        print(json.dumps(_do(Task(**json.loads(line)))), flush=True)


def _do(task: Task) -> dict[str, Any]:
    layout = Layout(site=task.site, version=(task.version[0], task.version[1]))
    try:
        with WheelFile(Path(task.wheel), task.name) as wheel:
            os.mkdir(task.place)
            Unpacking(wheel, Path(task.place), layout).run()
    except BootstrapperError as error:
        return {"failed": [error.where, error.fault, error.next_step]}
    except OSError as error:
        path = os.fspath(error.filename) if error.filename else task.name
        return {"errno": error.errno, "text": error.strerror, "path": path}
    except Exception as error:  # the parent waits for an answer, whatever a wheel does to us
        return {"failed": [task.name, f"can't be unpacked: {type(error).__name__} {error}",
                           "vendor another version of it: make vendor"]}
    return {}
