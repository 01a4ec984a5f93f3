"""The one command that runs as the stage user: `python -I -m bootstrapper.deploy.running.as_stage_user`.

Its stdin is a socket. The first message says what to do:

    {"do": "supervise", "grace": seconds}   be the supervisor of a push, until the socket closes
    {"do": "run", "argv": …, "environment": …}, with a file   become that program; the file is its stdin
    {"do": "signal"}    send signals to processes of this user, as further messages name them
"""

import json
import os
import signal
import socket
import stat
import sys
from typing import Any

from bootstrapper.deploy.machine.account import LENGTH
from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.process_tree import Process
from bootstrapper.deploy.running.service import COULD_NOT_RUN, Service


def main() -> int:
    """Do what the first message says. Return 2 if stdin is no socket."""
    if not stat.S_ISSOCK(os.fstat(0).st_mode):
        print("this command is for Rolf: its stdin is a socket", file=sys.stderr)
        return 2
    connection = socket.socket(fileno=os.dup(0))
    message, descriptors = _receive(connection)
    match message.get("do"):
        case "supervise":
            print("supervisor", os.getpid(), flush=True)
            os.chdir("/")
            Service(connection, message["grace"], creates=True).run()
        case "run":
            return _run(message, descriptors)
        case "signal":
            while message := _receive(connection)[0]:
                _signal(message)
    return 0


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return a message and its files; an empty one at the end."""
    size, descriptors, _, _ = socket.recv_fds(connection, LENGTH, 1)
    if len(size) < LENGTH:
        return {}, []
    data = connection.recv(int.from_bytes(size), socket.MSG_WAITALL)
    return json.loads(data), list(descriptors)


def _run(message: dict[str, Any], descriptors: list[int]) -> int:
    os.dup2(descriptors[0], 0)
    os.chdir("/")
    environment = {**message["environment"], "HOME": os.path.expanduser("~")}
    environment["USER"] = os.environ.get("USER", "")
    try:
        os.execvpe(message["argv"][0], message["argv"], environment)
    except OSError as error:
        print(f"{message['argv'][0]}: {error.strerror}", file=sys.stderr)
    return COULD_NOT_RUN


def _signal(message: dict[str, Any]) -> None:
    if below := message.get("below"):
        for process in process_tree.descendants(below):
            process_tree.send(process, signal.SIGKILL)
    for pid, started in message.get("processes", ()):
        process_tree.send(Process(pid, started), signal.Signals(message["signal"]))


if __name__ == "__main__":
    sys.exit(main())
