"""The demo's replacement for Apache: serve the release `current`; restart with a new one at SIGHUP.

The socket stays open during the restart, so that requests wait and none is refused.
usage: server.py DIRECTORY PORT; the server restarts itself with fd=NUMBER in place of the port
"""

import os
import signal
import socket
import sys
import threading
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer


class Handler(WSGIRequestHandler):
    """A handler that does not log requests into the demo's output."""

    def log_message(self, *_: object) -> None:
        pass


def main(directory: Path, listener: socket.socket) -> None:
    """Serve until SIGHUP, then execute this program again for the new release."""
    if (directory / "current").exists():
        serve((directory / "current").resolve(), listener)
    else:
        signal.signal(signal.SIGHUP, lambda *_: None)
        signal.pause()  # before the first push
    listener.set_inheritable(True)
    python = str((directory / "current").resolve() / "ve/bin/python")
    os.execv(python, [python, __file__, str(directory), f"fd={listener.fileno()}"])


def serve(release: Path, listener: socket.socket) -> None:
    """Answer requests one after the other until SIGHUP."""
    server = WSGIServer(listener.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    # shutdown() waits for serve_forever() to end, so it needs a thread of its own.
    signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=server.shutdown).start())
    os.chdir(release)
    sys.path.insert(0, str(release))
    # The directory is named after the deployment, production or staging.
    os.environ["DJANGO_SETTINGS_MODULE"] = f"demo_site.settings.{release.parents[1].name}"
    from demo_site.wsgi import application  # type: ignore[import-not-found]
    from whitenoise import WhiteNoise  # type: ignore[import-not-found]

    server.server_name, server.server_port = listener.getsockname()
    server.setup_environ()
    server.set_app(WhiteNoise(application, root=release / "static", prefix="static/"))
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    listen_on = sys.argv[2]
    main(
        Path(sys.argv[1]),
        socket.socket(fileno=int(listen_on[3:]))
        if listen_on.startswith("fd=")
        else socket.create_server(("127.0.0.1", int(listen_on))),
    )
