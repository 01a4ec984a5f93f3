"""Forms of a deployment's rows: settings, flags, permissions, stages."""

from bootstrapper.deploy.definition.secret import warning
from django import forms

from cookbook.catalog import RecipeCatalog
from cookbook.forms import CodeField, check_code
from cookbook.models import Language
from history.forms import OptimisticLockForm

from ..models import Flag, Grant, Setting, Stage
from ..prepare import KEPT_HERE
from .deployment import DurationField


class SettingForm(OptimisticLockForm):
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


class FlagForm(OptimisticLockForm):
    """A checkbox is 1 or empty."""

    class Meta:
        model = Flag
        fields = ["name", "description", "kind", "default"]
        labels = {"kind": "Asked for as"}
        help_texts = {
            "name": "Stages get it by that name.",
            "default": "Of a checkbox: 1 if it is ticked unless somebody unticks it.",
        }

    def __init__(self, *args, **kwargs):
        """Names are no prose."""
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs.update({"class": "mono", "spellcheck": "false"})

    def clean(self):
        """Whatever says no in a checkbox's default is empty."""
        cleaned = super().clean()
        if cleaned.get("kind") == Flag.Kind.SWITCH:
            off = cleaned.get("default", "").strip().lower() in ("", "0", "no", "false", "off")
            cleaned["default"] = "" if off else "1"
        return cleaned


class GrantForm(OptimisticLockForm):
    """Each level includes those before it."""

    class Meta:
        model = Grant
        fields = ["group", "level"]
        labels = {"level": "May"}
        help_texts = {"level": "Edit includes push, push includes view. "
                               "Without any, the deployment is invisible to the group."}


WRITTEN_HERE = "code that is written here"


class StageForm(OptimisticLockForm):
    """Where a recipe is chosen, code and language aren't asked."""

    recipe = forms.ChoiceField(required=False, label="What it runs")
    code = CodeField(required=False, label="Code")
    timeout = DurationField(required=False, help_text="Empty: as the deployment's.")
    idle_timeout = DurationField(required=False, label="Timeout of silence",
                                 help_text="Empty: as the deployment's.")

    class Meta:
        model = Stage
        fields = ["recipe", "name", "language", "code", "timeout", "idle_timeout", "enabled"]
        help_texts = {"name": "Empty: the recipe's name.",
                      "enabled": "Otherwise pushes leave it out."}

    def __init__(self, *args, **kwargs):
        """Offer what is on the shelf."""
        super().__init__(*args, **kwargs)
        names = RecipeCatalog().names
        if self.instance.recipe and self.instance.recipe not in names:
            names = [self.instance.recipe, *names]  # it is gone, and stays until another is chosen
        self.fields["recipe"].choices = [("", WRITTEN_HERE), *((name, name) for name in names)]
        self.fields["name"].required = False
        self.fields["language"].required = False

    def clean(self):
        """Take the recipe, or the code."""
        cleaned = super().clean()
        cleaned["language"] = cleaned.get("language") or Language.SHELL
        if cleaned.get("recipe"):
            cleaned["name"] = cleaned.get("name") or cleaned["recipe"]
            cleaned["code"] = ""
        elif not cleaned.get("name"):
            self.add_error("name", "A stage with code of its own needs a name.")
        elif not (cleaned.get("code") or "").strip():
            self.add_error("code", "Write what it runs, or choose a recipe above.")
        else:
            check_code(self, Stage(
                name=cleaned["name"], language=cleaned["language"], code=cleaned["code"]))
        return cleaned
