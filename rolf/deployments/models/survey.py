"""What the worker found out about a deployment's repository."""

from django.db import models

from .deployment import Deployment


class Survey(models.Model):
    """What is at a ref, and what would go out with it; asked for by a page, answered by a worker.

    `refs` are names of branches and tags, newest first. `added` and `removed` are commits
    against the push that is live: {"commit", "subject", "author", "at"}, newest first; None where
    they aren't known. Of a tied deployment `definition` is what its file says at that commit.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="surveys")
    ref = models.CharField(max_length=200)
    asked = models.DateTimeField()
    answered = models.DateTimeField(null=True, blank=True)
    fault = models.TextField(blank=True)
    commit = models.CharField(max_length=64, blank=True)
    since = models.CharField(max_length=64, blank=True)  # the commit that is live
    refs = models.JSONField(default=list)
    added = models.JSONField(null=True)
    removed = models.JSONField(null=True)
    definition = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deployment", "ref"], name="one_survey_of_a_ref"),
        ]

    def __str__(self):
        return f"{self.deployment} at {self.ref}"
