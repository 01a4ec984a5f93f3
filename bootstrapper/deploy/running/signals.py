"""Send signals to processes of the account that stages run as."""

import signal
import socket
from contextlib import ExitStack

from bootstrapper.deploy.machine.account import Account, StageUser, send
from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.process_tree import Process


class Signals:
    """Sends signals. Only a process of the same user can, so another user's needs a helper.

    A stage can stop or kill the helper, so each stronger signal has a new one.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._helper: socket.socket | None = None
        self._number: signal.Signals | None = None
        self._stack = ExitStack()

    def send(self, process: Process, number: signal.Signals) -> None:
        """Send a signal, and resume the process if it was stopped."""
        if not isinstance(self._account, StageUser):
            process_tree.send(process, number)
            return
        message = {"signal": int(number), "processes": [process]}
        for _ in range(2):
            if self._helper is None or number != self._number:
                self.close()
                self._helper = self._stack.enter_context(self._account.signaller())
                self._number = number
            try:
                send(self._helper, message)
            except OSError:  # a stage has killed it
                self._number = None
            else:
                return

    def close(self) -> None:
        """End the helper."""
        self._helper = None
        self._stack.close()
