"""How many long responses a user may have open in this process.

Each occupies a connection until its client closes it. Without a limit, one user could take all
connections of the web server. Pages poll where a stream is refused.
"""

from collections import Counter
from contextlib import aclosing, contextmanager

MOST = 100  # long responses of a user

_open = Counter()


class Full(Exception):  # noqa: N818 - a condition, which callers answer
    """The user has as many long responses open as one may have."""


def is_full(user):
    """Return whether the user may open no other long response now."""
    return _open[user.pk] >= MOST


@contextmanager
def place(user):
    """Count a long response of the user while the body runs. Raise Full."""
    if _open[user.pk] >= MOST:
        raise Full
    _open[user.pk] += 1
    try:
        yield
    finally:
        _open[user.pk] -= 1
        if not _open[user.pk]:
            del _open[user.pk]


async def counted(user, pieces):
    """Yield the pieces of an asynchronous generator, which are a long response of the user.

    Requests that arrive at the same moment pass `is_full`; here, those beyond the limit end.
    """
    try:
        with place(user):
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece
    except Full:
        return
