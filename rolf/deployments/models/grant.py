"""Who may do what: groups get a level on a deployment."""

from django.contrib.auth.models import Group
from django.db import models

from .deployment import Deployment


class Level(models.IntegerChoices):
    """Each includes those before it."""

    VIEW = 1, "view"
    PUSH = 2, "push"
    EDIT = 3, "edit"


class Grant(models.Model):
    """The members of a group may view, push or edit a deployment."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="grants")
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="grants")
    level = models.PositiveSmallIntegerField(choices=Level)

    class Meta:
        verbose_name = "permission"
        ordering = ["group__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "deployment"], name="one_grant_of_a_group",
                violation_error_message="The group has a permission here."),
        ]

    def __str__(self):
        return f"{self.group} may {self.get_level_display()}"

    def described(self):
        """Return what the history keeps of it."""
        return {"group": self.group.name, "level": self.get_level_display()}
