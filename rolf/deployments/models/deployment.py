"""A deployment: one application in one place, with its stages, settings and flags."""

from bootstrapper.deploy.definition.duration import render
from bootstrapper.deploy.definition.schema import InvalidValue, ref
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from .application import Application
from .names import LONGEST, check_name


class DeploymentQuerySet(models.QuerySet):
    """Deployments by what became of them."""

    def living(self):
        """All that haven't been deleted."""
        return self.filter(deleted=None)


class Deployment(models.Model):
    """Deleting one hides it: its pushes and its history stay, and it can be brought back.

    Times in seconds; None is no limit.
    """

    class OnFailure(models.TextChoices):
        """What if a stage fails once the new release is live."""

        HALT = "halt", "stop there"
        ROLLBACK = "rollback", "roll back"

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="deployments")
    name = models.CharField(max_length=LONGEST, validators=[check_name])
    description = models.TextField(blank=True)
    branch = models.CharField(max_length=200, default="main")
    timeout = models.FloatField(null=True, blank=True, default=900)
    idle_timeout = models.FloatField(null=True, blank=True)
    on_failure = models.CharField(
        max_length=10, choices=OnFailure, default=OnFailure.HALT)
    batch = models.CharField(max_length=10, blank=True)  # of hosts: a number, or "25%"
    max_failures = models.PositiveIntegerField(default=0)
    deprecated = models.BooleanField(default=False)
    # The deployment of the repository's own deployments.toml that this one is tied to.
    tied_to = models.CharField(max_length=LONGEST, blank=True)
    # Why nobody may push now, by whom and since when.
    closed = models.CharField(max_length=200, blank=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # What its target was last seen to serve, if that isn't what Rolf has put there: a push of the
    # command line's, or of another deployment's: {"number", "commit", "ref", "by", "at"}.
    served = models.JSONField(null=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    deleted = models.DateTimeField(null=True, blank=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["application__name", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "name"], condition=models.Q(deleted=None),
                name="one_deployment_of_a_name",
                violation_error_message="The application has a deployment of that name."),
        ]

    def __str__(self):
        return f"{self.application.name} {self.name}"

    def get_absolute_url(self):
        """Its page."""
        return reverse("deployment", args=[self.pk])

    def clean(self):
        """Raise ValidationError for what git would take for something else."""
        try:
            ref(self.branch)
        except InvalidValue:
            raise ValidationError({"branch": "No branch or tag can have that name."}) from None

    @property
    def tied(self):
        """Whether its repository says what its stages and settings are."""
        return bool(self.tied_to)

    def described(self):
        """Return what the history keeps of it."""
        kept = ["name", "description", "branch", "on_failure", "batch", "max_failures",
                "deprecated", "tied_to", "closed"]
        return {"application": self.application.name,
                "deleted": self.deleted is not None,
                **{name: getattr(self, name) for name in kept}, **described_times(self)}


def described_times(limited):
    """Return what the history keeps of the time limits of a Deployment or Stage: words, as 15m."""
    times = {name: getattr(limited, name) for name in ["timeout", "idle_timeout"]}
    return {name: render(seconds) if seconds else None for name, seconds in times.items()}
