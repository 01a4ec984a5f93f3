"""Stages of a deployment, in their order."""

from django.db import models

from .deployment import Deployment, described_times
from .names import LONGEST, check_recipe_name


class Stage(models.Model):
    """A recipe of the cookbook, by name, or code of the deployment's own.

    Times in seconds; None leaves it to the deployment.
    """

    class Language(models.TextChoices):
        """What code without a shebang is run as."""

        SHELL = "shell", "Bash"
        PYTHON = "python", "Python"

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="stages")
    position = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=LONGEST, validators=[check_recipe_name])
    recipe = models.CharField(max_length=LONGEST, blank=True)
    language = models.CharField(max_length=10, choices=Language, default=Language.SHELL)
    code = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    timeout = models.FloatField(null=True, blank=True)
    idle_timeout = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "name"], name="one_stage_of_a_name",
                violation_error_message="The deployment has a stage of that name."),
        ]

    def __str__(self):
        return self.name

    def described(self):
        """Return what the history keeps of it."""
        kept = ["name", "position", "recipe", "language", "code", "enabled"]
        return {name: getattr(self, name) for name in kept} | described_times(self)
