"""The web server of ./manage.py rolf: uvicorn, in a process that was forked for it."""

import asyncio
import logging

import uvicorn

GRACE = 1.5  # seconds that answers may take when it ends; a page that follows comes again


class Server(uvicorn.Server):
    """Uvicorn's, which would wait for event streams until they end by themselves, or complain."""

    async def shutdown(self, sockets=None):
        """Take nothing more, and leave when the answers are out, or their time is."""
        asyncio.get_running_loop().call_later(GRACE, setattr, self, "force_exit", True)
        await super().shutdown(sockets)


def serve(application, listener):
    """Answer on the socket until SIGTERM."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    Server(uvicorn.Config(
        application, lifespan="off", ws="none", http="h11", loop="asyncio", log_config=None,
        access_log=False, server_header=False)).run([listener])
