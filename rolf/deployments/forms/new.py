"""A new deployment, and what it belongs to."""

from bootstrapper.deploy.definition.deployment import FILE
from django import forms
from django.contrib.auth.models import Group

from ..models import Application, Category, Deployment
from ..models.names import LONGEST, check_name
from .files import FilesField


class NewForm(forms.ModelForm):
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
