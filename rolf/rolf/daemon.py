"""What a process of Apache's shows of itself to apache/reload."""

import os
import socket
import sys

_shown = None


def show(state, group):
    """Show GROUP/PID/STATE in /proc/net/unix: starting, then loaded or failed, till the end.

    A name in Linux's abstract namespace (unix(7)): every user may see it, and nothing is left
    behind. The title of a process is too short for it (mod_wsgi keeps to the length of Apache's).
    """
    global _shown
    if sys.platform == "linux":
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name.bind(f"\0{group}/{os.getpid()}/{state}")
        if _shown:
            _shown.close()
        _shown = name
