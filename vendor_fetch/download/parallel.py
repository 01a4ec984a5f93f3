"""Ask several questions of a server at once."""

import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import TypeVar

CONNECTIONS = 6

Key = TypeVar("Key")
Answer = TypeVar("Answer")


def answers(ask: Callable[[Key], Answer], keys: Iterable[Key]) -> dict[Key, Answer]:
    """Return `ask(key)` for each key. Raise the first exception that a call raises.

    The threads are daemons: Ctrl-C does not wait for a server that has stopped answering.
    """
    wanted = list(dict.fromkeys(keys))
    waiting: SimpleQueue[Key] = SimpleQueue()
    done: SimpleQueue[tuple[Key, Answer | None, BaseException | None]] = SimpleQueue()
    for key in wanted:
        waiting.put(key)

    def work() -> None:
        while True:
            try:
                key = waiting.get_nowait()
            except Empty:
                return
            try:
                done.put((key, ask(key), None))
            except BaseException as error:
                done.put((key, None, error))

    for _ in range(min(CONNECTIONS, len(wanted))):
        threading.Thread(target=work, daemon=True).start()
    found: dict[Key, Answer] = {}
    for _ in wanted:
        key, answer, error = done.get()
        if error:
            raise error
        found[key] = answer  # type: ignore[assignment]  # it is None only beside an error
    return found
