"""Signals to a child of the worker and to all of its descendants."""

import os
import signal

from bootstrapper.deploy.running import process_tree

ROUNDS = 50  # of killing processes that a killed process had just started


def wake(pid):
    """Continue (SIGCONT) a child of ours and all of its descendants."""
    os.kill(pid, signal.SIGCONT)
    for process in process_tree.descendants(pid):
        process_tree.send(process, signal.SIGCONT)


def kill(pid):
    """Kill a child of ours and all of its descendants.

    Stop the child first, so that it does not react to the end of its processes. As their subreaper
    it stays the ancestor of all of them until none is left.
    """
    os.kill(pid, signal.SIGSTOP)
    kill_descendants(pid)
    os.kill(pid, signal.SIGKILL)


def kill_descendants(pid):
    """Kill all descendants of a process."""
    for _ in range(ROUNDS):
        left = process_tree.descendants(pid)
        if not left:
            return
        for process in left:
            process_tree.send(process, signal.SIGKILL)
