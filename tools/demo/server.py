"""The demo's stand-in for Apache: serves the release that `current` names, and restarts with it at SIGHUP.

It keeps its socket when it does: visitors who come meanwhile wait a moment, none is turned away.
usage: server.py DIRECTORY PORT; it restarts itself with fd=NUMBER in the place of the port
"""

import os
import signal
import socket
import sys
import threading
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer


class Handler(WSGIRequestHandler):
    """Answers without writing a line for each request into the demo's output."""

    def log_message(self, *_: object) -> None:
        pass


def main(directory: Path, listener: socket.socket) -> None:
    """Serve until SIGHUP, then become a new process of the release that is current by then."""
    if (directory / "current").exists():
        serve((directory / "current").resolve(), listener)
    else:
        signal.signal(signal.SIGHUP, lambda *_: None)
        signal.pause()  # nothing was pushed yet
    listener.set_inheritable(True)
    python = str((directory / "current").resolve() / "ve/bin/python")
    os.execv(python, [python, __file__, str(directory), f"fd={listener.fileno()}"])


def serve(release: Path, listener: socket.socket) -> None:
    """Answer requests, one after the other, until SIGHUP."""
    server = WSGIServer(listener.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    # shutdown() waits for serve_forever() to end, so it takes a thread of its own.
    signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=server.shutdown).start())
    os.chdir(release)
    sys.path.insert(0, str(release))
    # The deployment, production or staging, is what its directory is called.
    os.environ["DJANGO_SETTINGS_MODULE"] = f"demo_site.settings.{release.parents[1].name}"
    from demo_site.wsgi import application  # type: ignore[import-not-found]
    from whitenoise import WhiteNoise  # type: ignore[import-not-found]

    server.server_name, server.server_port = listener.getsockname()
    server.setup_environ()
    server.set_app(WhiteNoise(application, root=release / "static", prefix="static/"))
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    where = sys.argv[2]
    main(
        Path(sys.argv[1]),
        socket.socket(fileno=int(where[3:]))
        if where.startswith("fd=")
        else socket.create_server(("127.0.0.1", int(where))),
    )
