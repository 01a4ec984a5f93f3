"""Flags: what one push may be told."""

from bootstrapper.deploy.definition.flag import Flag as EngineFlag
from bootstrapper.deploy.definition.schema import InvalidValue, one_line
from django.core.exceptions import ValidationError
from django.db import models

from .deployment import Deployment
from .setting import setting_name


class Flag(models.Model):
    """A switch (`1` or empty) or a text that each push may give another value."""

    class Kind(models.TextChoices):
        """How it is asked for."""

        SWITCH = "switch", "checkbox"
        TEXT = "text", "text"

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="flags")
    name = models.CharField(max_length=100, validators=[setting_name])
    description = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SWITCH)
    default = models.CharField(max_length=1000, blank=True)  # of a switch "1" or empty

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "name"], name="one_flag_of_a_name",
                violation_error_message="The deployment has a flag of that name."),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        """Raise ValidationError for what no deployments.toml could say."""
        try:
            one_line(self.description or "-")
        except InvalidValue:
            raise ValidationError({"description": "Write text in one line."}) from None

    @property
    def of_engine(self):
        """The same as the engine has it."""
        default = bool(self.default) if self.kind == self.Kind.SWITCH else self.default
        return EngineFlag(name=self.name, description=self.description, default=default)

    def described(self):
        """Return what the history keeps of it."""
        return {name: getattr(self, name) for name in ["description", "kind", "default"]}
