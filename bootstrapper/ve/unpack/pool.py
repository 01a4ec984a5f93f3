"""Unpack wheels in several worker processes; each has one task at a time."""

import json
import select
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from bootstrapper.errors import WorkFailed
from bootstrapper.next_step import OUT_OF_MEMORY
from bootstrapper.ve.python.interpreter import Interpreter, current_interpreter
from bootstrapper.ve.system.child import run_in_child
from bootstrapper.ve.unpack.worker import UnpackTask, serve

# With -P and -S, sys.path holds the standard library only; the program adds our own code, which
# is in a directory or in our wheel.
_MAIN = """
import sys
sys.path.insert(0, sys.argv[1])
from bootstrapper.ve.unpack.worker import serve
serve(sys.stdin, sys.stdout)
"""

Begin = Callable[[socket.socket, socket.socket], AbstractContextManager[None]]
"""Start a process that serves the first socket, and wait for its end when the block ends. If the
block raises, kill the process first. It must close the second socket, the parent's end."""


def unpack_all(
    tasks: Sequence[UnpackTask],
    interpreter: Interpreter,
    *,
    jobs: int,
    done: Callable[[UnpackTask], None],
) -> None:
    """Run all tasks in at most `jobs` worker processes; call `done` after each task.

    The workers run the virtualenv's interpreter, because each Python writes bytecode of its own. If
    that equals the running one, they are forks of this process, which start faster. Do not call it
    while other threads run.

    Raise the first error of a task, as WorkFailed or OSError. All workers have exited then.
    """
    same = interpreter.bytecode == current_interpreter().bytecode
    begin: Begin = _forked if same else _started(interpreter.executable)
    waiting, busy = deque(tasks), dict[_Worker, UnpackTask]()
    with ExitStack() as stack:
        for _ in range(min(jobs, len(tasks))):
            worker = stack.enter_context(_worker(begin))
            busy[worker] = worker.begin(waiting.popleft())
        while busy:
            for worker in select.select(busy, [], [])[0]:
                task = busy.pop(worker)
                worker.finish(task)
                if waiting:
                    busy[worker] = worker.begin(waiting.popleft())
                done(task)


class _Worker:
    """The parent's side of a worker: it sends a task as one line and receives an answer as one line."""

    def __init__(self, channel: socket.socket, answers: TextIO) -> None:
        self._channel = channel
        self._answers = answers

    def fileno(self) -> int:
        return self._channel.fileno()

    def begin(self, task: UnpackTask) -> UnpackTask:
        with suppress(ConnectionError):  # `finish` reports it
            self._channel.sendall(json.dumps(asdict(task)).encode() + b"\n")
        return task

    def finish(self, task: UnpackTask) -> None:
        """Raise WorkFailed or OSError if the task has failed."""
        answer = ""
        with suppress(ConnectionError):
            answer = self._answers.readline()
        if not answer:
            raise WorkFailed(
                task.name,
                "another process killed the one that was unpacking it",
                OUT_OF_MEMORY,
            )
        match json.loads(answer):
            case {"failed": [where, fault, next_step]}:
                raise WorkFailed(where, fault, next_step)
            case {"errno": number, "text": text, "path": path}:
                raise OSError(number, text, path)


@contextmanager
def _worker(begin: Begin) -> Iterator[_Worker]:
    ours, theirs = socket.socketpair()
    with ours, theirs, begin(theirs, ours):
        theirs.close()
        with ours.makefile(encoding="utf-8") as answers:
            yield _Worker(ours, answers)
            ours.shutdown(socket.SHUT_WR)  # the worker then exits


def _forked(theirs: socket.socket, ours: socket.socket) -> AbstractContextManager[None]:
    def work() -> None:
        ours.close()
        with (
            theirs.makefile(encoding="utf-8") as tasks,
            theirs.makefile("w", encoding="utf-8") as answers,
        ):
            serve(tasks, answers)

    return run_in_child(work)


def _started(executable: Path) -> Begin:
    @contextmanager
    def begin(theirs: socket.socket, _: socket.socket) -> Iterator[None]:
        import subprocess  # rarely needed

        code = Path(__file__).parents[3]
        with subprocess.Popen(
            [executable, "-E", "-P", "-S", "-s", "-B", "-c", _MAIN, code],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
        ) as process:
            try:
                yield
            except BaseException:
                process.kill()
                raise

    return begin
