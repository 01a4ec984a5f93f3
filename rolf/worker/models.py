"""When the periodic tasks of an installation ran."""

from django.db import models


class PeriodicTask(models.Model):
    """The last run of a task of worker/periodic.py."""

    name = models.CharField(max_length=40, unique=True)
    last = models.DateTimeField()

    def __str__(self):
        return self.name
