"""Work done beside our own, in a fork of this process: it knows all we know, at no start."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bootstrapper.errors import WorkFailed


@contextmanager
def run_in_child(work: Callable[[], None]) -> Iterator[None]:
    """While `work` is done in a child; leaving waits for it, and raises what it raised.

    What leaves with an exception ends the child first. The child has our locks as well, so they
    hold until it is gone, even if we are killed. Call it where no other thread runs: a fork has
    only the one that made it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _do(work, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        try:
            yield
        except BaseException:
            os.kill(child, signal.SIGKILL)
            raise
        else:
            said = pipe.read()
        finally:
            _, status = os.waitpid(child, 0)
    if said:
        import pickle  # most have nothing to say

        raise pickle.loads(said)
    if status:
        raise WorkFailed(
            "the rebuild",
            "a process of it was ended from outside",
            "see whether memory ran out (dmesg), then: ./bootstrap.py",
        )


def _do(work: Callable[[], None], writing: int) -> None:
    """In the child: never returns, and leaves what the parent has buffered to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends us
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    status = 1
    try:
        work()
        status = 0
    except BaseException as error:
        import pickle

        os.write(writing, pickle.dumps(error))
    finally:
        os._exit(status)
