"""The log of a push, in chunks, and the search index of a log that has ended."""

from django.db import models

from .push import Push


class LogChunk(models.Model):
    """A piece of a push's log: bytes whose secrets the engine has masked, and their sources.

    Lines of the log count from 0 and end with a newline. A chunk may end within a line, which
    continues in the next chunk. `first_line` is the number of the line that the first byte belongs
    to, and `last_line` is that number plus the newlines in `data`. `spans` describe `data` in
    order: [bytes, index of the stage, stream, seconds since 1970, host]. The stream is "stdout",
    "stderr" or "note" (text of the engine itself). Each line has one source: if another source
    writes while a line is open, a newline ends that line.

    After the push has ended, chunks are joined (pushes/logs/join.py). Later a chunk may move into
    the store of logs (pushes/logs/archive.py). Then `data` and `spans` are empty, and `digest` is
    the SHA-256 of the stored frame, which has both. So readers use pushes/log_view/chunks.py.
    """

    push = models.ForeignKey(Push, on_delete=models.CASCADE, related_name="chunks")
    sequence = models.PositiveIntegerField()  # grows; joined chunks leave gaps
    offset = models.PositiveBigIntegerField()  # of its first byte in the log
    first_line = models.PositiveBigIntegerField()
    last_line = models.PositiveBigIntegerField()
    data = models.BinaryField()
    spans = models.JSONField()
    digest = models.BinaryField(max_length=32, null=True)

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(fields=["push", "sequence"], name="one_chunk_of_a_sequence"),
        ]
        indexes = [
            models.Index(fields=["push", "last_line"], name="chunk_of_a_line"),
            models.Index(fields=["push", "offset"], name="chunk_of_a_byte"),
        ]

    def __str__(self):
        return f"lines {self.first_line} to {self.last_line} of {self.push}"


class LogIndex(models.Model):
    """The search index of the log of a push that has ended (pushes/log_view/index.py).

    It divides the first `bytes` bytes of the log into parts. `parts` has the offset of each part.
    """

    push = models.OneToOneField(Push, on_delete=models.CASCADE, related_name="log_index")
    bytes = models.PositiveBigIntegerField(default=0, db_default=0)
    parts = models.JSONField()

    class Meta:
        verbose_name_plural = "log indexes"

    def __str__(self):
        return f"index of the log of {self.push}"


class LogIndexRow(models.Model):
    """A run of the index's buckets: which parts of the log each bucket occurs in."""

    index = models.ForeignKey(LogIndex, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    bits = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "number"], name="one_row_of_a_number"),
        ]

    def __str__(self):
        return f"row {self.number} of {self.index}"
