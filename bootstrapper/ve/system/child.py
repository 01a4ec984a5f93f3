"""Run a function in a forked child process while the parent goes on."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bootstrapper.errors import WorkFailed
from bootstrapper.next_step import OUT_OF_MEMORY


@contextmanager
def run_in_child(work: Callable[[], None]) -> Iterator[None]:
    """Run `work` in a child process while the block runs; then wait for it and raise its exception.

    If the block raises, the child is killed first. The child inherits the parent's locks, so they
    hold until it has exited, even if the parent is killed. A fork copies only the calling thread:
    do not use this while other threads run.
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
            pickled_error = pipe.read()
        finally:
            _, status = os.waitpid(child, 0)
    if pickled_error:
        import pickle  # rarely needed

        raise pickle.loads(pickled_error)
    if status:
        raise WorkFailed(
            "the rebuild",
            "another process killed one of its processes",
            OUT_OF_MEMORY,
        )


def _do(work: Callable[[], None], writing: int) -> None:
    """Run `work` in the child and exit, without flushing the buffers that the parent has, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which kills us
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
