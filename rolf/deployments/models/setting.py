"""Settings: what a deployment's stages get as environment variables."""

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.setting import (
    ADDRESS,
    SHOWN,
    check_name,
    check_text,
    parse,
)
from django.core.exceptions import ValidationError
from django.db import models

from ..sealing import fingerprint, seal, unseal
from .deployment import Deployment


def setting_name(name):
    """Raise ValidationError if no setting may have that name."""
    try:
        check_name(name)
    except InvalidValue as error:
        raise ValidationError(str(error)) from None


class Setting(models.Model):
    """A name and its value; of a secret one the value is sealed, and `text` is empty.

    REMOTE_HOSTS has a host a line.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="settings")
    name = models.CharField(max_length=100, validators=[setting_name])
    text = models.TextField(blank=True)
    secret = models.BooleanField(default=False)
    sealed = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "name"], name="one_setting_of_a_name",
                violation_error_message="The deployment has a setting of that name."),
        ]

    def __str__(self):
        return self.name

    @property
    def value(self):
        """The text that stages get. Never shown of a secret."""
        return unseal(self.sealed) if self.secret else self.text

    @value.setter
    def value(self, text):
        self.sealed, self.text = (seal(text), "") if self.secret else ("", text)

    @property
    def parsed(self):
        """The value as the engine has it: text, or the hosts' names."""
        if self.name == "REMOTE_HOSTS":
            return parse(self.name, self.text.split())
        return parse(self.name, self.value)

    def clean(self):
        """Raise ValidationError for what no stage could be given."""
        told = {*SHOWN, ADDRESS}
        if self.secret and self.name in told:
            raise ValidationError(
                {"secret": f"{self.name} is shown with each push, so it can't be secret."})
        try:
            check_text(self.value)
            if self.name in told and self.text:
                _ = self.parsed
        except InvalidValue as error:
            raise ValidationError({"text": str(error)}) from None

    def described(self):
        """Return what the history keeps of it; of a secret, whether it is the same."""
        if self.secret:
            return {"secret": True, "value": fingerprint(unseal(self.sealed))}
        return {"secret": False, "value": self.text}
