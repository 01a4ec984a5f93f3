"""A setting: its name and value; of a secret one the value is taken, never given."""

from bootstrapper.deploy.definition.secret import warning
from django import forms

from ..models import Setting
from ..preparation import KEPT_HERE
from .seen import SeenForm


class SettingForm(SeenForm):
    """The value keeps every space and line of it."""

    text = forms.CharField(
        label="Value", required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "code", "spellcheck": "false"}))

    class Meta:
        model = Setting
        fields = ["name", "text", "secret"]
        help_texts = {
            "name": "Stages get it by that name: REMOTE_HOST, SENTRY_DSN …",
            "secret": "Kept sealed, masked in every output, and never shown again.",
        }

    def __init__(self, *args, **kwargs):
        """Leave a secret's own value out of the form."""
        super().__init__(*args, **kwargs)
        self.was_secret = bool(self.stored and self.stored.secret)
        if self.was_secret:
            self.initial["text"] = ""
            self.fields["text"].help_text = "Leave it empty to keep the secret that is there."
        self.fields["name"].widget.attrs.update({"class": "mono", "autocapitalize": "characters",
                                                 "spellcheck": "false"})

    def clean_text(self):
        """Browsers send every newline as two characters."""
        return self.cleaned_data["text"].replace("\r\n", "\n")

    def clean(self):
        """Let a secret stay one until its value is given anew."""
        cleaned = super().clean()
        if self.instance.deployment.tied and not cleaned.get("secret") and (
                cleaned.get("name") not in KEPT_HERE):
            self.add_error("name", "The deployment is tied: its repository says what plain "
                                   f"settings it has, but for {' and '.join(KEPT_HERE)}.")
        if self.was_secret and not cleaned.get("secret") and not cleaned.get("text"):
            self.add_error("text", "A secret is never shown: to make it a plain setting, give its "
                                   "value anew.")
        return cleaned

    @property
    def warning(self):
        """What is to be said of the value once it is saved; empty if nothing is."""
        if not self.instance.secret:
            return ""
        said = warning(self.instance.name, self.instance.value)
        return f"{said[:1].upper()}{said[1:]}." if said else ""

    def _post_clean(self):
        """Let the model check the value that it is to have."""
        keeps = self.was_secret and self.cleaned_data.get("secret") and not self.cleaned_data.get(
            "text")
        self.instance.secret = bool(self.cleaned_data.get("secret"))
        value = self.stored.value if keeps else self.cleaned_data.get("text", "")
        super()._post_clean()
        self.instance.value = value
        try:
            self.instance.clean()
        except forms.ValidationError as error:
            self._update_errors(error)
