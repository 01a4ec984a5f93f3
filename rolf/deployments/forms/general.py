"""What a deployment is, apart from its rows."""

from bootstrapper.deploy.definition.duration import EXAMPLES, parse, render
from bootstrapper.deploy.definition.schema import InvalidValue, share
from django import forms

from rolf.number import number_of

from ..models import Deployment
from ..models.names import LONGEST, check_name
from .seen import SeenForm


class DurationField(forms.CharField):
    """Seconds, as people write them; empty is no limit."""

    def prepare_value(self, value):
        """Return seconds in words."""
        return render(value) if isinstance(value, int | float) else value

    def to_python(self, value):
        """Return seconds, or None. Raises ValidationError."""
        text = super().to_python(value)
        if not text:
            return None
        seconds = parse(text)
        if seconds is None:
            raise forms.ValidationError(f"It is no duration: write {EXAMPLES}.")
        return seconds

    def has_changed(self, initial, data):
        """Compare the words."""
        return (self.prepare_value(initial) or "") != (data or "")


class GeneralForm(SeenForm):
    """Everybody who may edit may change it."""

    timeout = DurationField(
        required=False, label="Timeout of a stage", help_text=f"{EXAMPLES}; empty is no limit.")
    idle_timeout = DurationField(
        required=False, label="Timeout of silence",
        help_text="How long a stage may say nothing; empty is no limit.")

    class Meta:
        model = Deployment
        fields = ["application", "name", "description", "branch", "timeout", "idle_timeout",
                  "on_failure", "batch", "max_failures", "tied_to", "deprecated"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        labels = {
            "on_failure": "When a stage fails after the switch", "batch": "Hosts at a time",
            "max_failures": "Hosts that may fail", "tied_to": "Tied to",
        }
        help_texts = {
            "branch": "What is pushed where nothing else is said.",
            "batch": "Of several hosts: a number, or 25%; empty is all.",
            "tied_to": "The name of a deployment in the repository's own deploy/deployments.toml: "
                       "its stages, settings and flags are then read at each push from the commit "
                       "that is pushed. Empty: they are kept here.",
            "deprecated": "Folded away on the front page.",
        }

    def clean_batch(self):
        """Take a number of hosts, or a share of them."""
        text = self.cleaned_data["batch"].replace(" ", "")
        try:
            return str(share(number_of(text, 0) if text.isdecimal() else text)) if text else ""
        except InvalidValue:
            raise forms.ValidationError("Write a number, as 2, or a share, as 25%.") from None


class CloneForm(forms.Form):
    """Another deployment with the same stages, settings and flags."""

    application = forms.ModelChoiceField(None)
    name = forms.CharField(max_length=LONGEST, validators=[check_name])
    permissions = forms.BooleanField(
        required=False, initial=True, label="The same permissions",
        help_text="Otherwise only your own groups that may edit this one may edit the new one.")
    secrets = forms.BooleanField(
        required=False, label="The values of secrets, too",
        help_text="Otherwise they are there by name, and empty.")


class CloseForm(forms.Form):
    """Why nobody may push."""

    why = forms.CharField(
        max_length=200, required=False, label="Why",
        help_text="Who wants to push reads it: until Monday, the fair is on.")


class DeleteForm(forms.Form):
    """Its name, typed: nobody deletes by one click too many."""

    name = forms.CharField(label="Type its name to be sure")

    def __init__(self, *args, deployment, **kwargs):
        """Know which name."""
        super().__init__(*args, **kwargs)
        self._name = str(deployment)
        self.fields["name"].help_text = self._name
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    def clean_name(self):
        """Refuse anything else."""
        if self.cleaned_data["name"] != self._name:
            raise forms.ValidationError(f"That isn't its name, which is {self._name}.")
        return self.cleaned_data["name"]
