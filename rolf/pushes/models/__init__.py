"""A push and its log."""

from .log_chunk import LogChunk
from .push import ACTIVE, Push

__all__ = ["ACTIVE", "LogChunk", "Push"]
