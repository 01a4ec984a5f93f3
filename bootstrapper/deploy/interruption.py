"""Ctrl-C, SIGTERM and a lost terminal while a push runs: it is cancelled, not abandoned."""

import signal
from types import FrameType, TracebackType
from typing import Self

WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "ended by SIGTERM",
         signal.SIGHUP: "the terminal has gone"}


class Interruption:
    """While it is entered those signals are taken note of, nothing more: `reason` says which.

    Those that were ignored from the start stay ignored: nohup does so with SIGHUP, a shell with
    SIGINT of what runs in its background.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in WORDS
                        if number is signal.SIGTERM
                        or signal.getsignal(number) is not signal.SIG_IGN}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.reason = WORDS[signal.Signals(number)]
