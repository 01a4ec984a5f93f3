"""The web server of ./manage.py rolf: uvicorn, in a process that was forked for it."""

import asyncio
import ctypes
import logging

import uvicorn

M_ARENA_MAX = -8  # mallopt(3)
GRACE = 1.5  # seconds that answers may take when it ends; a page that follows comes again


class Server(uvicorn.Server):
    """Uvicorn's, which would wait for event streams until they end by themselves, or complain."""

    async def shutdown(self, sockets=None):
        """Take nothing more, and leave when the answers are out, or their time is."""
        asyncio.get_running_loop().call_later(GRACE, setattr, self, "force_exit", True)
        await super().shutdown(sockets)


def serve(application, listener):
    """Answer on the socket until SIGTERM."""
    # One heap for all threads: one each would keep some MB that nobody uses, and only one runs.
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    Server(uvicorn.Config(
        application, lifespan="off", ws="none", http="h11", loop="asyncio", log_config=None,
        access_log=False, server_header=False)).run([listener])
