"""The process that sends the audit log to its sinks: a child of a worker."""

import ctypes
import os
import signal
import sys

from django.conf import settings

from .forwarding import Forwarder

PR_SET_PDEATHSIG = 1  # prctl(2)


class ForwarderProcess:
    """A child of this process, which must be single-threaded and wait for its children itself."""

    def __init__(self):
        """Start nothing yet."""
        self._pid = 0

    def keep(self, before_fork):
        """Start the child if there are sinks and none runs. Call this every few seconds.

        Before that, call `before_fork`, which closes this process's connections: two processes
        cannot share one.
        """
        if not settings.AUDIT_SINKS or self._runs():
            return
        before_fork()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _be_child(parent)
        self._pid = pid

    def stop(self):
        """End the child. What it did not send, the next one sends."""
        if self._runs():
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self._pid = 0

    def _runs(self):
        if not self._pid:
            return False
        try:
            return os.waitpid(self._pid, os.WNOHANG) == (0, 0)
        except ChildProcessError:  # somebody has waited for it
            return False


def _be_child(parent):
    """Send until the parent ends; it ends after its pushes, long after a SIGTERM to all."""
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        Forwarder().run(lambda: os.getppid() == parent)
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)  # without the parent's clean-up handlers
