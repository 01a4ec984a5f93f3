"""A piece of a push's log, as it came."""

from django.db import models

from .push import Push


class LogChunk(models.Model):
    """What was said between two flushes: bytes as the engine masked them, and where from.

    Lines of the log count from 0 and end with a newline, which a chunk needn't: the line that is
    open at its end goes on in the next one. `first_line` is the number of the line that its first
    byte belongs to, `last_line` that plus its newlines. `spans` covers `data`, in order:
    [bytes, stage's index, stream, seconds since 1970, host], `stream` being "stdout", "stderr" or
    "note" (the engine's own words). A line has one source: where another speaks while it is
    open, a newline ends it.
    """

    push = models.ForeignKey(Push, on_delete=models.CASCADE, related_name="chunks")
    sequence = models.PositiveIntegerField()  # from 0, without gaps
    offset = models.PositiveBigIntegerField()  # of its first byte in the log
    first_line = models.PositiveBigIntegerField()
    last_line = models.PositiveBigIntegerField()
    data = models.BinaryField()
    spans = models.JSONField()

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(fields=["push", "sequence"], name="one_chunk_of_a_sequence"),
        ]
        indexes = [
            models.Index(fields=["push", "last_line"], name="chunk_of_a_line"),
        ]

    def __str__(self):
        return f"lines {self.first_line} to {self.last_line} of {self.push}"
