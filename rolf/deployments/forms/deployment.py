"""Forms of a deployment: new, its settings page, clone, close, delete."""

from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.definition.duration import EXAMPLES, parse, render
from bootstrapper.deploy.definition.schema import InvalidValue, share
from django import forms
from django.contrib.auth.models import Group

from cookbook.names import LONGEST, check_name
from history.forms import OptimisticLockForm
from history.paging import to_int

from ..archive import LARGEST, ArchiveError, unpack
from ..models import Application, Category, Deployment


class FilesField(forms.FileField):
    """Their texts by their paths; none where nothing is chosen."""

    widget = forms.FileInput(attrs={"accept": ".toml,.tar.gz,.tgz,.gz"})

    def clean(self, data, initial=None):
        """Read them. Raises ValidationError."""
        upload = super().clean(data, initial)
        if not upload:
            return {}
        if upload.size > LARGEST:
            raise forms.ValidationError(f"It is larger than {LARGEST >> 20} MiB.")
        try:
            return unpack(upload.read())
        except ArchiveError as error:
            raise forms.ValidationError(str(error)) from None


class NewDeploymentForm(forms.ModelForm):
    """Of an application that is there, or of a new one."""

    application = forms.ModelChoiceField(
        Application.objects.all(), required=False, empty_label="a new one")
    new_application = forms.CharField(
        max_length=LONGEST, required=False, validators=[check_name],
        label="Name of the new application")
    category = forms.ModelChoiceField(
        Category.objects.all(), required=False, empty_label="a new one",
        label="Category of a new application")
    new_category = forms.CharField(
        max_length=LONGEST, required=False, validators=[check_name],
        label="Name of the new category")
    group = forms.ModelChoiceField(
        Group.objects.all(), required=False, label="Who may edit it",
        empty_label="superusers alone")
    definition = forms.CharField(
        required=False, strip=False, label="A deployments.toml to begin with",
        widget=forms.Textarea(attrs={"rows": 6, "class": "code", "spellcheck": "false"}),
        help_text="Its deployment of that name (or its default) is read; secrets come empty.")
    files = FilesField(
        required=False, label="Or a file",
        help_text="A deployments.toml, or the .tar.gz of an export, which has its recipes.")

    class Meta:
        model = Deployment
        fields = ["application", "new_application", "category", "new_category", "name", "group",
                  "definition", "files"]
        labels = {"name": "Name of the deployment"}

    def clean(self):
        """Know the application, made or chosen, and the files to begin with."""
        cleaned = super().clean()
        if cleaned.get("definition", "").strip():
            if cleaned.get("files"):
                self.add_error("files", "Give the text or the file, not both.")
            cleaned["files"] = {FILE: cleaned["definition"]}
        if not cleaned.get("application"):
            name = cleaned.get("new_application")
            if not name:
                self.add_error("application", "Choose one, or name a new one.")
            elif Application.objects.filter(name=name).exists():
                self.add_error("new_application", "There is an application of that name.")
            if not cleaned.get("category") and not cleaned.get("new_category"):
                self.add_error("category", "Choose one, or name a new one.")
        return cleaned

    def _post_clean(self):
        """Check what is made later without the application that isn't there yet."""
        if self.cleaned_data.get("application"):
            super()._post_clean()
            return
        self.instance.name = self.cleaned_data.get("name", "")
        try:
            self.instance.full_clean(exclude=["application"], validate_constraints=False)
        except forms.ValidationError as error:
            self._update_errors(error)

    def made(self, record):
        """Return the deployment, with its application; each saved within `record(row)`."""
        told = self.cleaned_data
        application = told["application"]
        if application is None:
            category = told["category"]
            if category is None:
                category, _ = Category.objects.get_or_create(name=told["new_category"])
            application = Application(name=told["new_application"], category=category)
            application.save()
        self.instance.application = application
        with record(self.instance):
            self.instance.save()
        return self.instance


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


class DeploymentForm(OptimisticLockForm):
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
            return str(share(to_int(text, 0) if text.isdecimal() else text)) if text else ""
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
