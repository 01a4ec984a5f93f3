"""Forms of a deployment: create, change, clone, lock, delete."""

from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.definition.duration import EXAMPLES, parse, render
from bootstrapper.deploy.definition.schema import InvalidValue, share
from django import forms
from django.contrib.auth.models import Group

from cookbook.names import LONGEST, check_name
from history.forms import OptimisticLockForm
from history.paging import to_int

from ..archive import LARGEST, ArchiveError, unpack
from ..labels import check_labels
from ..models import Application, Category, Deployment


class FilesField(forms.FileField):
    """An uploaded deployments.toml or archive; its value is a dict of text by path."""

    widget = forms.FileInput(attrs={"accept": ".toml,.tar.gz,.tgz,.gz"})

    def clean(self, data, initial=None):
        """Return the files; an empty dict if nothing was uploaded. Raises ValidationError."""
        upload = super().clean(data, initial)
        if not upload:
            return {}
        if upload.size > LARGEST:
            raise forms.ValidationError(f"The file is larger than {LARGEST >> 20} MiB.")
        try:
            return unpack(upload.read())
        except ArchiveError as error:
            raise forms.ValidationError(str(error)) from None


class NewDeploymentForm(forms.ModelForm):
    """A new deployment of an application, which may be new as well."""

    application = forms.ModelChoiceField(
        Application.objects.all(), required=False, empty_label="(new)"
    )
    new_application = forms.CharField(
        max_length=LONGEST,
        required=False,
        validators=[check_name],
        label="Name of the new application",
    )
    category = forms.ModelChoiceField(
        Category.objects.all(),
        required=False,
        empty_label="(new)",
        label="Category of the new application",
    )
    new_category = forms.CharField(
        max_length=LONGEST,
        required=False,
        validators=[check_name],
        label="Name of the new category",
    )
    group = forms.ModelChoiceField(
        Group.objects.all(),
        required=False,
        label="Group with the edit permission",
        empty_label="(superusers only)",
    )
    definition = forms.CharField(
        required=False,
        strip=False,
        label="Start from a deployments.toml",
        widget=forms.Textarea(attrs={"rows": 6, "class": "code", "spellcheck": "false"}),
        help_text="Rolf reads the deployment of the name above, or the default deployment. You "
        "enter the values of secrets later.",
    )
    files = FilesField(
        required=False,
        label="Or from a file",
        help_text="A deployments.toml, or the .tar.gz of an export, which includes recipes.",
    )

    class Meta:
        model = Deployment
        fields = [
            "application",
            "new_application",
            "category",
            "new_category",
            "name",
            "group",
            "definition",
            "files",
        ]
        labels = {"name": "Name of the deployment"}

    def clean(self):
        """Check that there is one application, one category and one source of stages."""
        cleaned = super().clean()
        if cleaned.get("definition", "").strip():
            if cleaned.get("files"):
                self.add_error("files", "Use either the text or the file.")
            cleaned["files"] = {FILE: cleaned["definition"]}
        if not cleaned.get("application"):
            name = cleaned.get("new_application")
            if not name:
                self.add_error("application", "Choose an application, or name a new one.")
            elif Application.objects.filter(name=name).exists():
                self.add_error("new_application", "An application of this name exists.")
            if not cleaned.get("category") and not cleaned.get("new_category"):
                self.add_error("category", "Choose a category, or name a new one.")
        return cleaned

    def create(self, record):
        """Save the deployment and a new application, and return the deployment.

        Saves the deployment within the context manager ``record(deployment)``.
        """
        data = self.cleaned_data
        application = data["application"]
        if application is None:
            category = data["category"]
            if category is None:
                category, _ = Category.objects.get_or_create(name=data["new_category"])
            application = Application(name=data["new_application"], category=category)
            application.save()
        self.instance.application = application
        with record(self.instance):
            self.instance.save()
        return self.instance


class DurationField(forms.CharField):
    """A duration such as 15m; its value is in seconds, or None for no limit."""

    def prepare_value(self, value):
        """Return seconds as text."""
        return render(value) if isinstance(value, int | float) else value

    def to_python(self, value):
        """Return seconds, or None. Raises ValidationError."""
        text = super().to_python(value)
        if not text:
            return None
        seconds = parse(text)
        if seconds is None:
            raise forms.ValidationError(f"Not a duration: write {EXAMPLES}.")
        return seconds

    def has_changed(self, initial, data):
        """Compare the texts."""
        return (self.prepare_value(initial) or "") != (data or "")


class DeploymentForm(OptimisticLockForm):
    """What the edit permission allows to change of a deployment itself."""

    timeout = DurationField(
        required=False, label="Timeout of a stage", help_text=f"{EXAMPLES}; empty for no limit."
    )
    idle_timeout = DurationField(
        required=False,
        label="Idle timeout of a stage",
        help_text="Stop a stage that prints nothing for this long; empty for no limit.",
    )

    class Meta:
        model = Deployment
        fields = [
            "application",
            "name",
            "description",
            "branch",
            "timeout",
            "idle_timeout",
            "on_failure",
            "batch",
            "max_failures",
            "tied_to",
            "labels",
            "deprecated",
        ]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        labels = {
            "on_failure": "If a stage fails after the new release is live",
            "batch": "Hosts at a time",
            "max_failures": "Hosts that may fail",
            "tied_to": "Tied to",
        }
        help_texts = {
            "branch": "Pushes use this branch or tag unless another one is given.",
            "batch": "With several hosts: a number such as 2, or a share such as 25%; empty for "
            "all hosts at once.",
            "tied_to": "The name of a deployment in the repository's deploy/deployments.toml. "
            "Each push then reads stages, settings and flags from the pushed commit. "
            "Leave this empty to keep them in Rolf.",
            "labels": "Only workers with all of these labels carry out its pushes, such as dmz; "
            "empty for any worker. Superusers change them.",
            "deprecated": "Fold this deployment away on the front page.",
        }

    def clean_labels(self):
        """Return the labels in order, with a space between two."""
        return check_labels(self.cleaned_data["labels"])

    def clean_batch(self):
        """Return a number of hosts or a share, without spaces."""
        text = self.cleaned_data["batch"].replace(" ", "")
        try:
            return str(share(to_int(text, 0) if text.isdecimal() else text)) if text else ""
        except InvalidValue:
            raise forms.ValidationError(
                "Write a number such as 2, or a share such as 25%."
            ) from None


class CloneForm(forms.Form):
    """A new deployment with the stages, settings and flags of another one."""

    application = forms.ModelChoiceField(None)
    name = forms.CharField(max_length=LONGEST, validators=[check_name])
    permissions = forms.BooleanField(
        required=False,
        initial=True,
        label="Copy permissions",
        help_text="Otherwise only those of your groups that may edit the original may edit the "
        "copy.",
    )
    secrets = forms.BooleanField(
        required=False,
        label="Copy the values of secrets",
        help_text="Otherwise the copy's secrets have no values.",
    )


class LockForm(forms.Form):
    """The reason for locking a deployment."""

    why = forms.CharField(
        max_length=200,
        required=False,
        label="Reason",
        help_text="Users who try to push read it. Example: until Monday, because of the fair",
    )


class DeleteForm(forms.Form):
    """The deployment's name, which the user types to confirm."""

    name = forms.CharField(label="Type the name of the deployment to confirm")

    def __init__(self, *args, deployment, **kwargs):
        """Show the name."""
        super().__init__(*args, **kwargs)
        self._name = str(deployment)
        self.fields["name"].help_text = self._name
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    def clean_name(self):
        """Refuse any other name."""
        if self.cleaned_data["name"] != self._name:
            raise forms.ValidationError(f"Type exactly: {self._name}")
        return self.cleaned_data["name"]
