"""Pushes, their logs, and the workers that carry them out."""

from .log import LogChunk, LogIndex, LogIndexRow
from .push import ACTIVE, ASKS, DONE, STOPPED, Push, State
from .worker import BEAT, HANDOVER, HEARD, LEASE, Worker, process_namespace

__all__ = [
    "ACTIVE",
    "ASKS",
    "BEAT",
    "DONE",
    "HANDOVER",
    "HEARD",
    "LEASE",
    "STOPPED",
    "LogChunk",
    "LogIndex",
    "LogIndexRow",
    "Push",
    "State",
    "Worker",
    "process_namespace",
]
