"""The deploying process: its signals during a push, and files that its children must close."""

import os
import signal
import weakref
from types import FrameType, TracebackType
from typing import Protocol, Self

WORDS = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "ended by SIGTERM",
    signal.SIGHUP: "the terminal has gone",
}


class SignalWatch:
    """A context manager that catches signals; `reason` names the last one, in words.

    Signals that the process ignored from the start stay ignored: nohup ignores SIGHUP, and a shell
    ignores SIGINT for programs that it runs in the background.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._before = {
            number: signal.signal(number, self._note)
            for number in WORDS
            if number is signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.reason = WORDS[signal.Signals(number)]


class _File(Protocol):
    def close(self) -> None: ...


_unshared: "weakref.WeakSet[_File]" = weakref.WeakSet()


def close_in_children(file: _File) -> None:
    """Close `file` in every child that is forked from now on; give it unbuffered files only.

    A lock by flock(2) belongs to the open file, and a pipe ends when its last writer is gone: a
    child that outlives us would hold both. Those that exec another program close them by
    O_CLOEXEC; those that don't, as the supervisor of a push, close them here.
    """
    _unshared.add(file)


def _close_all() -> None:
    for file in list(_unshared):
        file.close()
    _unshared.clear()


os.register_at_fork(after_in_child=_close_all)
