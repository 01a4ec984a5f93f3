"""Where in a long log something may be said: an index of what its parts contain."""

from django.db import models

from .push import Push


class LogIndex(models.Model):
    """Of the log of one push that has ended. A part is some chunks long.

    `parts` are the sequence numbers of the chunks that each of them begins with.
    """

    push = models.OneToOneField(Push, on_delete=models.CASCADE, related_name="log_index")
    parts = models.JSONField()

    class Meta:
        verbose_name_plural = "log indexes"

    def __str__(self):
        return f"index of the log of {self.push}"


class LogIndexRow(models.Model):
    """A run of buckets (pushes/indexing.py): for each of them, in which parts it is."""

    index = models.ForeignKey(LogIndex, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    bits = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "number"], name="one_row_of_a_number"),
        ]

    def __str__(self):
        return f"row {self.number} of {self.index}"
