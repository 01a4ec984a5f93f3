"""A push and its log."""

from .log_chunk import LogChunk
from .log_index import LogIndex, LogIndexRow
from .push import ACTIVE, Push

__all__ = ["ACTIVE", "LogChunk", "LogIndex", "LogIndexRow", "Push"]
