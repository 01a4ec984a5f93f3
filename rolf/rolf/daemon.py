"""Tell apache/reload which processes of mod_wsgi have loaded the site."""

import os
import socket
import sys

_socket = None


def announce(state, group):
    """Announce this process as "starting", "loaded" or "failed" until it ends.

    The announcement is the name of a socket in Linux's abstract namespace, GROUP/PID/STATE. Every
    user can read it in /proc/net/unix, and the kernel removes it when the process ends.
    """
    global _socket
    if sys.platform == "linux":
        announced = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        announced.bind(f"\0{group}/{os.getpid()}/{state}")
        if _socket:
            _socket.close()
        _socket = announced
