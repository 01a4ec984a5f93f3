"""Read the output of jobs in the order in which they wrote it, stdout and stderr apart.

Two pipes alone don't tell which of them was written first. These do: each is in packet mode
(O_DIRECT, pipe(2)) and holds one page, that is one write, so that a writer waits until its last
one on that pipe was read; and epoll, edge-triggered, lists the pipes in the order in which they
were written to. A program that writes to both in turn comes out in exact order.

That is a wake-up per write, too slow for a flood: 256 writes to one stream within a tenth of a
second, none to the other between them. Then that pipe becomes an ordinary one of a MiB, until it
has been quiet for a moment. Where the system lacks one of these, all pipes are ordinary ones.

All processes of a job share one description of each pipe, and with it the flag O_NONBLOCK: a
program that sets it (for its own event loop) makes a full pipe an error for the others. The
supervisor, which looks every two milliseconds, and each read here take the flag away again; the
pipe is then an ordinary one of a MiB until the job ends, as only a full pipe can do harm between
two looks.
"""

import fcntl
import os
import select
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress

from bootstrapper.deploy.events.event import Stream

_PACKETS = getattr(os, "O_DIRECT", 0)
_RESIZE = getattr(fcntl, "F_SETPIPE_SZ", None)
_ORDERED = bool(_PACKETS and _RESIZE and hasattr(select, "epoll"))
_EDGE = select.EPOLLIN | select.EPOLLET if _ORDERED else select.POLLIN
_PAGE = 4096  # the smallest pipe: one slot
_WIDE = 1 << 20  # the largest that anybody may ask for (/proc/sys/fs/pipe-max-size)
_CHUNK = 1 << 18
_FLOOD = 256
_FLOOD_SECONDS = 0.1
_QUIET_SECONDS = 0.02
_PIECE = 1 << 16
_HOLD_SECONDS = 0.5


class OpenLine:
    """The unfinished last line of a stream, held back for a moment."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._since = 0.0

    def feed(self, data: bytes, now: float) -> bytes:
        """Add what came; returns what may go out: whole lines, or a piece that has grown long."""
        end = data.rfind(b"\n") + 1
        if not end and len(self._held) + len(data) >= _PIECE:
            end = len(data)
        if not end:
            self._hold(data, now)
            return b""
        # One copy, not two: of pieces so large each costs thousands of page faults.
        out = b"".join((self.take(), memoryview(data)[:end]))
        self._hold(data[end:], now)
        return out

    def _hold(self, data: bytes, now: float) -> None:
        if data and not self._held:
            self._since = now
        self._held += data

    @property
    def due(self) -> float | None:
        """Return when what is held has waited long enough; None if nothing is held."""
        return self._since + _HOLD_SECONDS if self._held else None

    def take(self) -> bytes:
        """Return what is held."""
        held = bytes(self._held)
        self._held.clear()
        return held


class Pipe:
    """Our end of a job's stream, and until the job's process has ended, the other end as well.

    The other end is kept to turn its packet mode on and off.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.reading, self._writing = os.pipe()
        os.set_blocking(self.reading, False)
        self.wide = not _ORDERED
        self._shared = False  # one of the job's programs has set O_NONBLOCK
        self.sibling = self
        self.read_at = 0.0
        self._run = 0  # how many reads since the sibling's last
        self._run_began = 0.0
        if _ORDERED:
            self.narrow()

    @property
    def writing(self) -> int:
        """The end that the job gets; -1 after it was closed."""
        return self._writing

    def read(self) -> bytes | None:
        """Return the result of one read: b"" at the end, None if there is nothing now."""
        try:
            data = os.read(self.reading, _CHUNK if self.wide else _PAGE)
        except BlockingIOError:
            return None
        now = time.monotonic()
        if self._run == 0 or now - self._run_began > _FLOOD_SECONDS:
            self._run, self._run_began = 0, now
        self._run += 1
        self.sibling._run = 0
        self.read_at = now
        return data

    @property
    def pending(self) -> int:
        """Return how many bytes wait to be read."""
        if self.reading < 0:
            return 0
        return int.from_bytes(fcntl.ioctl(self.reading, termios.FIONREAD, bytes(4)), sys.byteorder)

    @property
    def floods(self) -> bool:
        """Whether it should be widened."""
        return not self.wide and self._run >= _FLOOD and self._writing >= 0

    def widen(self) -> None:
        """Make room for a flood; a write in progress continues in it."""
        self._packets(False)
        with suppress(OSError):  # the user's share of pipes is used up (pipe(7))
            fcntl.fcntl(self.reading, _RESIZE or 0, _WIDE)
        self.wide = True

    def narrow(self) -> bool:
        """Return to one write at a time; false if more than that is still in the pipe."""
        if self._shared:
            return False
        try:
            fcntl.fcntl(self.reading, _RESIZE or 0, _PAGE)
        except OSError:
            return False
        self._packets(True)
        self.wide = False
        self._run = 0
        return True

    def _packets(self, on: bool) -> None:
        flags = fcntl.fcntl(self._writing, fcntl.F_GETFL) & ~(_PACKETS | os.O_NONBLOCK)
        fcntl.fcntl(self._writing, fcntl.F_SETFL, flags | (_PACKETS if on else 0))

    def make_room(self) -> None:
        """Widen the pipe, because a program of the job has set O_NONBLOCK (see above)."""
        if self._writing >= 0 and not self._shared:
            self._shared = True
            if _ORDERED:
                self.widen()

    @property
    def nonblocking(self) -> bool:
        """Whether one of the job's programs has set O_NONBLOCK, and nobody took it away yet."""
        return self._writing >= 0 and bool(
            fcntl.fcntl(self._writing, fcntl.F_GETFL) & os.O_NONBLOCK
        )

    def release(self) -> None:
        """Close the job's end."""
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1

    def close(self) -> None:
        """Close both ends."""
        self.release()
        if self.reading >= 0:
            os.close(self.reading)
            self.reading = -1


class Reader:
    """Waits for all pipes at once, and for one more descriptor: the supervisor's socket."""

    def __init__(self) -> None:
        self._poll = select.epoll() if _ORDERED else select.poll()
        self._pipes: dict[int, Pipe] = {}
        self._watched = -1

    def pair(self) -> tuple[Pipe, Pipe]:
        """Return the pipes of a job."""
        stdout, stderr = Pipe(Stream.STDOUT), Pipe(Stream.STDERR)
        stdout.sibling, stderr.sibling = stderr, stdout
        for pipe in (stdout, stderr):
            self._pipes[pipe.reading] = pipe
            self._poll.register(pipe.reading, _EDGE)
        return stdout, stderr

    def watch(self, descriptor: int) -> None:
        """Watch a descriptor, which `ready` then yields as None."""
        self._poll.register(descriptor, select.POLLIN)
        self._watched = descriptor

    def forget(self, descriptor: int) -> None:
        """Stop watching it."""
        self._poll.unregister(descriptor)
        self._watched = -1

    def close(self, pipe: Pipe) -> None:
        """Close both ends."""
        if self._pipes.pop(pipe.reading, None):
            self._poll.unregister(pipe.reading)
        pipe.close()

    def ready(self, seconds: float) -> Iterator[tuple[Pipe | None, bytes]]:
        """Yield what arrives within a time: b"" for a pipe at its end, which is closed."""
        # poll() counts in milliseconds, epoll in seconds.
        for descriptor, events in self._poll.poll(seconds if _ORDERED else seconds * 1000):
            if descriptor == self._watched:
                yield None, b""
            elif pipe := self._pipes.get(descriptor):  # or it was closed in this turn
                if not pipe.wide and pipe.nonblocking:
                    self.make_room(pipe)
                if _ORDERED and pipe.sibling.wide:  # what is in there was written before
                    yield from self._read(pipe.sibling, pipe.sibling.pending)
                yield from self._read(pipe, 1 if not events & select.POLLHUP else sys.maxsize)

    def make_room(self, pipe: Pipe) -> None:
        """Widen the pipe, because a program of the job has set O_NONBLOCK (see above)."""
        pipe.make_room()
        if _ORDERED and pipe.reading in self._pipes:
            self._poll.modify(pipe.reading, select.POLLIN)

    def _read(self, pipe: Pipe, least: int) -> Iterator[tuple[Pipe, bytes]]:
        """Return what is in a pipe: at least so many bytes, or all."""
        while least > 0 and pipe.reading in self._pipes:
            data = pipe.read()
            if data is None:
                return
            least -= len(data)
            if not data:
                self.close(pipe)
            elif pipe.floods:
                pipe.widen()
                self._poll.modify(pipe.reading, select.POLLIN)
            yield pipe, data

    def drain(self, pipe: Pipe) -> Iterator[tuple[Pipe, bytes]]:
        """Yield all that is in a pipe now."""
        return self._read(pipe, sys.maxsize)

    def settle(self, now: float) -> None:
        """Narrow the pipes whose flood is over."""
        for pipe in self._pipes.values():
            if (
                _ORDERED
                and pipe.wide
                and pipe.writing >= 0
                and now - pipe.read_at > _QUIET_SECONDS
                and pipe.narrow()
            ):
                self._poll.modify(pipe.reading, _EDGE)

    def shut(self) -> None:
        """Stop reading."""
        if not isinstance(self._poll, type(select.poll())):
            self._poll.close()
