"""Unpacking in several processes: a pool of workers, each with one task at a time."""

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
from bootstrapper.ve.python.interpreter import Interpreter, current_interpreter
from bootstrapper.ve.system.child import run_in_child
from bootstrapper.ve.unpack.worker import UnpackTask, serve

# -P keeps the current directory off sys.path, -S leaves site-packages out: nothing but the
# standard library and our own code, wherever that lies (a directory, or our wheel).
_MAIN = """
import sys
sys.path.insert(0, sys.argv[1])
from bootstrapper.ve.unpack.worker import serve
serve(sys.stdin, sys.stdout)
"""

Begin = Callable[[socket.socket, socket.socket], AbstractContextManager[None]]
"""What makes a process that serves the first socket; leaving waits for it to end, and ends it
first if that is for an exception. The second is the other end, which the process must not hold."""


def unpack_all(
    tasks: Sequence[UnpackTask],
    interpreter: Interpreter,
    *,
    jobs: int,
    done: Callable[[UnpackTask], None],
) -> None:
    """Do all tasks in at most `jobs` processes; calls `done` after each.

    The processes are the interpreter's, because bytecode must be its own; where ours is the same,
    they are forks of this one, which saves their start. Call it where no other thread runs.

    Raises the first error that a task meets, as WorkFailed or OSError; no process outlives the
    call.
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
    """A worker seen from outside: a task a line goes to it, an answer a line comes back."""

    def __init__(self, channel: socket.socket, answers: TextIO) -> None:
        self._channel = channel
        self._answers = answers

    def fileno(self) -> int:
        return self._channel.fileno()

    def begin(self, task: UnpackTask) -> UnpackTask:
        with suppress(ConnectionError):  # then `finish` finds no answer
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
                "the process that unpacked it was ended from outside",
                "see whether memory ran out (dmesg), then: ./bootstrap.py",
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
            ours.shutdown(socket.SHUT_WR)  # it ends when there are no more tasks


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
